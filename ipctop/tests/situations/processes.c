/* Situations of processes, threads and signals. */
#define _GNU_SOURCE
#include "situation.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Enough to be seen growing, and no danger for the machine. */
enum { THREADS = 450, CHILDREN = 200 };

static void nothing(void) {}

static void zombie(void) {
    await_state(child(nothing), 'Z');
    ready_and_pause();
}

static void orphan(void) {
    pid_t pid = free_child(sleep_for_ever);
    await_state(pid, 'S');
    ready();
    _exit(0);
}

static void stopped(void) {
    stop(child(sleep_for_ever));
    ready_and_pause();
}

static void spin(void) {
    for (volatile long turn = 0;; turn++)
        ;
}

static void spins(void) {
    child(spin);
    ready_and_pause();
}

static void spins_over_calls(void) {
    int ends[2];
    char byte;
    check(pipe2(ends, O_NONBLOCK), "pipe2");
    ready();
    for (;;)
        if (read(ends[0], &byte, 1) == 1)
            _exit(0);
}

static void *sleep_in_thread(void *unused) {
    sleep_for_ever();
    return unused;
}

static void threads_grow(void) {
    pthread_attr_t small;
    pthread_t thread;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 65536);
    ready();
    for (int i = 0; i < THREADS; i++) {
        pthread_create(&thread, &small, sleep_in_thread, NULL);
        usleep(2000);
    }
    sleep_for_ever();
}

static void children_grow(void) {
    ready();
    for (int i = 0; i < CHILDREN; i++) {
        child(sleep_for_ever);
        usleep(3000);
    }
    sleep_for_ever();
}

static void blocks_sigterm(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    sleep_for_ever();
}

static void end_blocked(void) {
    pid_t pid = child(blocks_sigterm);
    await_state(pid, 'S');
    kill(pid, SIGTERM);
    ready_and_pause();
}

static void children_ignored(void) {
    signal(SIGCHLD, SIG_IGN);
    child(sleep_for_ever);
    ready();
    wait(NULL);
}

static void ignores_sigterm(void) {
    signal(SIGTERM, SIG_IGN);
    sleep_for_ever();
}

static void end_ignored(void) {
    pid_t pid = child(ignores_sigterm);
    await_state(pid, 'S');
    kill(pid, SIGTERM);
    ready();
    waitpid(pid, NULL, 0);
}

static void note_signal(int number) { (void)number; }

static void signal_parent(void) {
    kill(getppid(), SIGUSR1);
    sleep_for_ever();
}

/* The signal comes before the parent waits for it. */
static void signal_missed(void) {
    signal(SIGUSR1, note_signal);
    await_state(child(signal_parent), 'S');
    ready();
    pause();
}

static void no_descriptor_left(void) {
    struct rlimit limit = {64, 64};
    check(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
    while (dup(1) != -1)
        ;
    ready_and_pause();
}

const struct situation process_situations[] = {
    {"zombie", zombie},
    {"orphan", orphan},
    {"stopped", stopped},
    {"spins", spins},
    {"spins-over-calls", spins_over_calls},
    {"threads-grow", threads_grow},
    {"children-grow", children_grow},
    {"end-blocked", end_blocked},
    {"children-ignored", children_ignored},
    {"end-ignored", end_ignored},
    {"signal-missed", signal_missed},
    {"no-descriptor-left", no_descriptor_left},
    {NULL, NULL},
};
