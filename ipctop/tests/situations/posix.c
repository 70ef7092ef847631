/* Situations at POSIX message queues. */
#define _GNU_SOURCE
#include "situation.h"

#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REQUEST = 32 };

static mqd_t posix_queue(char which) {
    char name[64];
    struct mq_attr attributes = {.mq_maxmsg = 4, .mq_msgsize = REQUEST};
    snprintf(name, sizeof name, "/ipctop-%d-%c", (int)getpid(), which);
    mqd_t queue = check(mq_open(name, O_RDWR | O_CREAT, 0600, &attributes), "mq_open");
    mq_unlink(name);
    return queue;
}

/* Keeps its name, and nobody has it open. */
static void posix_left_over(void) {
    struct mq_attr attributes = {.mq_maxmsg = 4, .mq_msgsize = REQUEST};
    mqd_t queue = check(mq_open("/ipctop-left", O_RDWR | O_CREAT, 0600, &attributes), "mq_open");
    check(mq_send(queue, "hello", 5, 0), "mq_send");
    ready();
    _exit(0);
}

static void posix_full(void) {
    mqd_t queue = posix_queue('a');
    child(sleep_for_ever);
    ready();
    for (;;)
        check(mq_send(queue, "hello", 5, 0), "mq_send");
}

static mqd_t posix_requests, posix_replies;
static char buffer[REQUEST];

static void posix_serve(void) { mq_receive(posix_requests, buffer, sizeof buffer, NULL); }

static void posix_reply_lost(void) {
    posix_requests = posix_queue('a');
    posix_replies = posix_queue('b');
    child(posix_serve);
    ready();
    mq_receive(posix_replies, buffer, sizeof buffer, NULL);
}

const struct situation posix_situations[] = {
    {"posix-queue-left-over", posix_left_over},
    {"posix-queue-full", posix_full},
    {"posix-reply-lost", posix_reply_lost},
    {NULL, NULL},
};
