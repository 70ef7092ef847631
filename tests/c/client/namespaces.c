// Whether the server's replies can reach us: both must be in the same namespaces.

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"

// In another PID namespace our id is another process's, and several clients have the same one; in
// another IPC namespace the queues are not ours. We trust a server that does not say where it is.
void check_namespaces(bool has_queues)
{
    char line[120], pid[50], ipc[50];
    FILE *lock = fopen(SPC_LOCK_FILE, "r");
    while (lock != NULL && fgets(line, sizeof line, lock) != NULL) {
        char own_pid[50] = "", own_ipc[50] = "";
        if (sscanf(line, "namespaces %49s %49s", pid, ipc) != 2)
            continue;
        if (readlink("/proc/self/ns/pid", own_pid, sizeof own_pid - 1) == -1 ||
            readlink("/proc/self/ns/ipc", own_ipc, sizeof own_ipc - 1) == -1)
            fail("tell where this process runs");
        const char *other = strcmp(pid, own_pid) != 0                 ? "PID"
                            : has_queues && strcmp(ipc, own_ipc) != 0 ? "IPC"
                                                                      : NULL;
        if (other != NULL) {
            fprintf(stderr, "client: cannot reach the server: it was started in another %s "
                    "namespace: run its client there, or start a server here\n", other);
            exit(2);
        }
    }
    if (lock != NULL)
        fclose(lock);
}
