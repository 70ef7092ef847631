/* A program that does nothing, in some processes and threads: what any server's memory begins with.
 *
 * nothing PROCESSES THREADS: so many processes, with so many threads in all; the first process has
 * those that are more than one each. Says "ready" and sleeps until it is killed.
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROOM = 4096, USED = 32 };

/* What every program does: takes some memory and uses a little of it. */
static void *sleep_for_ever(void *unused)
{
    char *room = malloc(ROOM);
    if (room != NULL)
        memset(room, 1, USED);
    for (;;)
        pause();
    return unused;
}

int main(int argc, char **argv)
{
    int processes = argc == 3 ? atoi(argv[1]) : 0;
    int threads = argc == 3 ? atoi(argv[2]) : 0;
    if (processes < 1 || threads < processes) {
        fprintf(stderr, "usage: nothing PROCESSES THREADS\n");
        return 2;
    }
    for (int more = 1; more < processes; more++) {
        pid_t child = fork();
        if (child == -1) {
            perror("nothing: cannot fork");
            return 2;
        }
        if (child == 0)
            sleep_for_ever(NULL);
    }
    for (int more = processes; more < threads; more++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, sleep_for_ever, NULL) != 0) {
            fprintf(stderr, "nothing: cannot start a thread\n");
            return 2;
        }
    }
    puts("ready");
    fflush(stdout);
    sleep_for_ever(NULL);
}
