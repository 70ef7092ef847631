/* Situations at pipes and FIFOs. */
#define _GNU_SOURCE
#include "situation.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int one[2], two[2], three[2];
static char buffer[4096];

static void make(int ends[2]) { check(pipe(ends), "pipe"); }

static void read_from(int fd) {
    while (read(fd, buffer, sizeof buffer) > 0)
        ;
}

static void fill(int fd) {
    memset(buffer, 'x', sizeof buffer);
    for (;;)
        check((int)write(fd, buffer, sizeof buffer), "write");
}

static void end_never_own(void) {
    make(one);
    ready();
    read_from(one[0]);
}

static void read_one(void) {
    close(one[1]);
    read_from(one[0]);
}

static void end_never_parent(void) {
    make(one);
    child(read_one);
    close(one[0]);
    ready();
    wait(NULL);
}

static void read_one_with_write_end(void) { read_from(one[0]); }

static void end_never_sibling(void) {
    make(one);
    child(read_one);
    child(read_one_with_write_end);
    close(one[0]);
    close(one[1]);
    ready_and_pause();
}

static void read_one_write_two(void) {
    close(one[1]);
    close(two[0]);
    read_from(one[0]);
}

static void circle_of_reads(void) {
    make(one);
    make(two);
    child(read_one_write_two);
    close(one[0]);
    close(two[1]);
    ready();
    read_from(two[0]);
}

static void fill_two(void) {
    close(one[1]);
    close(two[0]);
    fill(two[1]);
}

static void circle_of_writes(void) {
    make(one);
    make(two);
    child(fill_two);
    close(one[0]);
    close(two[1]);
    ready();
    fill(one[1]);
}

static void fill_one(void) {
    close(one[0]);
    fill(one[1]);
}

static void parent_waits_before_it_reads(void) {
    make(one);
    child(fill_one);
    close(one[1]);
    ready();
    wait(NULL);
}

static void reader_does_not_read(void) {
    make(one);
    child(fill_one);
    close(one[1]);
    ready_and_pause();
}

static void reader_stopped(void) {
    make(one);
    pid_t reader = child(read_one);
    await_state(reader, 'S');
    stop(reader);
    close(one[0]);
    check((int)write(one[1], "hello", 5), "write");
    ready_and_pause();
}

static void nobody_can_read(void) {
    make(one);
    signal(SIGPIPE, SIG_DFL);
    close(one[0]);
    ready_and_pause();
}

static void ring_1(void) {
    close(one[1]);
    close(two[0]);
    close(three[0]);
    close(three[1]);
    read_from(one[0]);
}

static void ring_2(void) {
    close(two[1]);
    close(three[0]);
    close(one[0]);
    close(one[1]);
    read_from(two[0]);
}

static void circle_of_three(void) {
    make(one);
    make(two);
    make(three);
    child(ring_1);
    child(ring_2);
    close(three[1]);
    close(one[0]);
    close(two[0]);
    close(two[1]);
    ready();
    read_from(three[0]);
}

static void fifo(const char *path) { check(mkfifo(path, 0600), "mkfifo"); }
static void open_to_read(void) { check(open("fifo", O_RDONLY), "open"); }
static void open_to_write(void) { check(open("fifo", O_WRONLY), "open"); }

static void no_writer(void) {
    fifo("fifo");
    ready();
    open_to_read();
}

static void no_reader(void) {
    fifo("fifo");
    ready();
    open_to_write();
}

static void open_other_first(void) {
    check(open("other", O_WRONLY), "open");
    check(open("fifo", O_RDONLY), "open");
}

static void fifo_order(void) {
    fifo("fifo");
    fifo("other");
    child(open_other_first);
    ready();
    check(open("fifo", O_WRONLY), "open");
}

static void fifo_gone(void) {
    fifo("fifo");
    pid_t reader = child(open_to_read);
    await_state(reader, 'S');
    unlink("fifo");
    ready_and_pause();
}

static void fifo_replaced(void) {
    fifo("fifo");
    pid_t reader = child(open_to_read);
    await_state(reader, 'S');
    unlink("fifo");
    fifo("fifo");
    child(open_to_write);
    ready_and_pause();
}

static void fifo_unlinked(void) {
    fifo("fifo");
    int fd = check(open("fifo", O_RDWR), "open");
    unlink("fifo");
    ready();
    read_from(fd);
}

/* As a server with a write end of its own, so that it never sees an end. */
static void serve(void) {
    int fd = check(open("requests", O_RDWR), "open");
    for (;;)
        check((int)read(fd, buffer, 32), "read");
}

static void fifo_reply_lost(void) {
    fifo("requests");
    fifo("reply");
    pid_t server = child(serve);
    int reply = check(open("reply", O_RDWR), "open");
    int requests = check(open("requests", O_WRONLY), "open");
    check((int)write(requests, "a request of thirty-two bytes...", 32), "write");
    await_state(server, 'S');
    ready();
    read_from(reply);
}

static void fifo_left_over(void) {
    fifo("reply.99.fifo");
    ready_and_pause();
}

const struct situation pipe_situations[] = {
    {"end-never-own", end_never_own},
    {"end-never-parent", end_never_parent},
    {"end-never-sibling", end_never_sibling},
    {"circle-of-reads", circle_of_reads},
    {"circle-of-writes", circle_of_writes},
    {"circle-of-three", circle_of_three},
    {"parent-waits-before-it-reads", parent_waits_before_it_reads},
    {"reader-does-not-read", reader_does_not_read},
    {"reader-stopped", reader_stopped},
    {"nobody-can-read", nobody_can_read},
    {"no-writer", no_writer},
    {"no-reader", no_reader},
    {"fifo-order", fifo_order},
    {"fifo-gone", fifo_gone},
    {"fifo-replaced", fifo_replaced},
    {"fifo-unlinked", fifo_unlinked},
    {"fifo-reply-lost", fifo_reply_lost},
    {"fifo-left-over", fifo_left_over},
    {NULL, NULL},
};
