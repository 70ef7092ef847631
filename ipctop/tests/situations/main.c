/* Runs the situation that is named by the first argument, in the directory of the second. */
#define _GNU_SOURCE
#include "situation.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int check(int result, const char *call) {
    if (result == -1) {
        fprintf(stderr, "situation: cannot %s: %s\n", call, strerror(errno));
        exit(2);
    }
    return result;
}

void skip(const char *needs) {
    printf("skip %s\n", needs);
    fflush(stdout);
    exit(0);
}

static pid_t start(void (*run)(void), int is_tied) {
    pid_t pid = check(fork(), "fork");
    if (pid == 0) {
        if (is_tied)
            check(prctl(PR_SET_PDEATHSIG, SIGKILL), "prctl");
        run();
        _exit(0);
    }
    return pid;
}

pid_t child(void (*run)(void)) { return start(run, 1); }

pid_t free_child(void (*run)(void)) { return start(run, 0); }

void await(pid_t pid) { check(waitpid(pid, NULL, 0), "waitpid"); }

static char state(pid_t pid) {
    char path[64], text[512] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return 'X';
    size_t len = fread(text, 1, sizeof text - 1, file);
    text[len] = 0;
    fclose(file);
    char *end = strrchr(text, ')');
    return end == NULL ? 'X' : end[2];
}

void await_state(pid_t pid, char wanted) {
    struct timespec pause_time = {0, 1000000};
    while (state(pid) != wanted)
        nanosleep(&pause_time, NULL);
}

void stop(pid_t pid) {
    check(kill(pid, SIGSTOP), "kill");
    await_state(pid, 'T');
}

void ready(void) {
    puts("ready");
    fflush(stdout);
}

void sleep_for_ever(void) {
    for (;;)
        pause();
}

void ready_and_pause(void) {
    ready();
    sleep_for_ever();
}

int main(int argc, char **argv) {
    const struct situation *tables[] = {
        queue_situations, posix_situations,  pipe_situations,    memory_situations,
        lock_situations,  socket_situations, process_situations,
        other_situations,
    };
    if (argc < 3) {
        fprintf(stderr, "usage: situation NAME DIR\n");
        return 2;
    }
    check(chdir(argv[2]), "chdir");
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (const struct situation *s = tables[t]; s->name != NULL; s++)
            if (strcmp(s->name, argv[1]) == 0)
                s->run();
    fprintf(stderr, "situation: there is none of that name\n");
    return 2;
}
