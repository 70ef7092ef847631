/* The frame of each attack: the header of a right but for one fault submission includes it, and it
 * includes the attack, which stands beside it as part.h. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <mqueue.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

extern char *program_invocation_short_name;
#define IS_SERVER (program_invocation_short_name[0] == 's')

/* An attack that works ends the submission: then its verdicts are others than are expected. */
static inline void works(const char *what)
{
    dprintf(2, "mallory: %s works\n", what);
    _exit(66);
}

static inline void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY, 0666);
    if (fd != -1) {
        (void)!write(fd, text, strlen(text));
        close(fd);
    }
}

#include "part.h"
