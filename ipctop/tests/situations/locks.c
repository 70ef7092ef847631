/* Situations at file locks. */
#define _GNU_SOURCE
#include "situation.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

static int gate[2];

static int file(const char *path) { return check(open(path, O_RDWR | O_CREAT, 0600), "open"); }

static void signal_gate(void) { check((int)write(gate[1], "x", 1), "write"); }

static void await_gate(void) {
    char byte;
    check((int)read(gate[0], &byte, 1), "read");
}

static void lock_and_sleep(void) {
    check(flock(file("a"), LOCK_EX), "flock");
    signal_gate();
    sleep_for_ever();
}

static void holder_sleeps(void) {
    check(pipe(gate), "pipe");
    child(lock_and_sleep);
    await_gate();
    ready();
    flock(file("a"), LOCK_EX);
}

static void lock_b_then_a(void) {
    check(flock(file("b"), LOCK_EX), "flock");
    signal_gate();
    flock(file("a"), LOCK_EX);
}

static void circle(void) {
    check(pipe(gate), "pipe");
    check(flock(file("a"), LOCK_EX), "flock");
    child(lock_b_then_a);
    await_gate();
    ready();
    flock(file("b"), LOCK_EX);
}

static void lock_range_and_sleep(void) {
    struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    check(fcntl(file("a"), F_SETLKW, &range), "fcntl");
    signal_gate();
    sleep_for_ever();
}

static void holder_stopped(void) {
    struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    check(pipe(gate), "pipe");
    pid_t holder = child(lock_range_and_sleep);
    await_gate();
    stop(holder);
    ready();
    fcntl(file("a"), F_SETLKW, &range);
}

/* The lock belongs to the open file, which the grandchild has too. */
static void lock_and_leave_a_child(void) {
    check(flock(file("a"), LOCK_EX), "flock");
    free_child(sleep_for_ever);
}

static void inherited(void) {
    await(child(lock_and_leave_a_child));
    ready();
    flock(file("a"), LOCK_EX);
}

static void own(void) {
    check(flock(file("a"), LOCK_EX), "flock");
    ready();
    flock(file("a"), LOCK_EX);
}

const struct situation lock_situations[] = {
    {"lock-holder-sleeps", holder_sleeps},
    {"lock-circle", circle},
    {"lock-holder-stopped", holder_stopped},
    {"lock-inherited", inherited},
    {"lock-own", own},
    {NULL, NULL},
};
