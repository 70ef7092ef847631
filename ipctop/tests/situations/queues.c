/* Situations at System V message queues. */
#define _GNU_SOURCE
#include "situation.h"

#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEXT = 752, REQUEST = 32 };

struct message {
    long type;
    char text[TEXT];
};

/* Two queues, made before the forks. */
static int requests, replies;
static long told;

static int queue(void) { return check(msgget(IPC_PRIVATE, 0600), "msgget"); }

static void put(int id, long type, size_t len) {
    struct message message = {.type = type, .text = "hello"};
    check(msgsnd(id, &message, len, 0), "msgsnd");
}

static long take(int id, long type, int flags) {
    struct message message;
    check((int)msgrcv(id, &message, TEXT, type, flags), "msgrcv");
    return message.type;
}

static void fill(int id, long type) {
    struct message message = {.type = type, .text = "hello"};
    while (msgsnd(id, &message, TEXT, IPC_NOWAIT) == 0)
        ;
}

static void nothing(void) {}
static void receive_1(void) { take(requests, 1, 0); }
static void receive_own(void) { take(replies, getpid(), 0); }

static void full_of_a_dead_reader(void) {
    requests = queue();
    pid_t dead = child(nothing);
    await(dead);
    fill(requests, dead);
    ready();
    put(requests, dead, TEXT);
}

static void full_of_a_live_reader(void) {
    requests = queue();
    pid_t client = child(sleep_for_ever);
    fill(requests, client);
    ready();
    put(requests, client, TEXT);
}

static void full_of_requests(void) {
    requests = queue();
    fill(requests, 1);
    ready();
    put(requests, 1, TEXT);
}

static void wrong_type(void) {
    requests = queue();
    child(receive_1);
    put(requests, 7, REQUEST);
    ready_and_pause();
}

static void receive_up_to_2(void) { take(requests, -2, 0); }

static void wrong_negative_type(void) {
    requests = queue();
    child(receive_up_to_2);
    put(requests, 3, REQUEST);
    ready_and_pause();
}

static void receive_all_but_2(void) { take(requests, 2, MSG_EXCEPT); }

static void wrong_except(void) {
    requests = queue();
    child(receive_all_but_2);
    put(requests, 2, REQUEST);
    ready_and_pause();
}

static void serve_without_reply(void) {
    for (;;)
        take(requests, 1, 0);
}

static void ask(void) {
    put(requests, 1, REQUEST);
    receive_own();
}

static void reply_lost(void) {
    requests = queue();
    replies = queue();
    child(serve_without_reply);
    child(ask);
    ready_and_pause();
}

static void serve_into_the_wrong_queue(void) {
    for (;;) {
        take(requests, 1, 0);
        put(requests, told, REQUEST);
    }
}

static void reply_into_the_wrong_queue(void) {
    requests = queue();
    replies = queue();
    told = getpid();
    child(serve_into_the_wrong_queue);
    ready();
    ask();
}

static void server_dead(void) {
    requests = queue();
    replies = queue();
    pid_t server = child(receive_1);
    put(requests, 1, REQUEST);
    await(server);
    ready();
    receive_own();
}

static void send_and_fill(void) {
    take(requests, 1, 0);
    fill(replies, 1);
    put(replies, 1, TEXT);
}

static void both_full(void) {
    requests = queue();
    replies = queue();
    pid_t other = child(send_and_fill);
    put(replies, 9, REQUEST);
    take(replies, 9, 0);
    put(requests, 1, REQUEST);
    await_state(other, 'S');
    fill(requests, 1);
    ready();
    put(requests, 1, TEXT);
}

static void use(void) { put(requests, 1, REQUEST); }

static void left_over(void) {
    requests = queue();
    await(child(use));
    ready_and_pause();
}

static void receiver_stopped(void) {
    requests = queue();
    pid_t server = child(serve_without_reply);
    put(requests, 1, REQUEST);
    await_state(server, 'S');
    stop(server);
    /* The first one goes to the receiver that was stopped in the middle of its call. */
    put(requests, 1, REQUEST);
    put(requests, 1, REQUEST);
    ready_and_pause();
}

static void receive_by_key(void) {
    requests = check(msgget(0x51234567, 0600 | IPC_CREAT), "msgget");
    take(requests, 1, 0);
}

/* The second program is a copy of this one: another file. */
static void run_copy(void) {
    execl("./copy", "copy", "receive-by-key", ".", (char *)NULL);
    check(-1, "execl");
}

static void two_programs(void) {
    child(run_copy);
    ready();
    receive_by_key();
}

static void key_of_a_failed_ftok(void) {
    key_t key = ftok("there-is-no-such-file", 'Q');
    requests = check(msgget(key, 0600 | IPC_CREAT), "msgget");
    ready();
    take(requests, 1, 0);
}

static void receiver_dead(void) {
    requests = queue();
    pid_t server = child(receive_1);
    put(requests, 1, REQUEST);
    await(server);
    put(requests, 1, REQUEST);
    ready_and_pause();
}

/* The type of its reply is the PID of its parent, not of the client. */
static void serve_the_parent(void) {
    for (;;) {
        take(requests, 1, 0);
        put(requests, getppid(), REQUEST);
    }
}

static void ask_on_one_queue(void) {
    put(requests, 1, REQUEST);
    take(requests, getpid(), 0);
}

static void reply_to_the_parent(void) {
    requests = queue();
    pid_t server = child(serve_the_parent);
    child(ask_on_one_queue);
    ready();
    await(server);
}

static void no_queue_left(void) {
    FILE *limit = fopen("/proc/sys/kernel/msgmni", "w");
    if (limit == NULL || fprintf(limit, "4\n") < 0 || fclose(limit) != 0)
        skip("the right to set msgmni");
    while (msgget(IPC_PRIVATE, 0600) != -1)
        ;
    ready_and_pause();
}

const struct situation queue_situations[] = {
    {"full-of-a-dead-reader", full_of_a_dead_reader},
    {"full-of-a-live-reader", full_of_a_live_reader},
    {"full-of-requests", full_of_requests},
    {"wrong-type", wrong_type},
    {"wrong-negative-type", wrong_negative_type},
    {"wrong-except", wrong_except},
    {"reply-lost", reply_lost},
    {"reply-into-the-wrong-queue", reply_into_the_wrong_queue},
    {"reply-to-the-parent", reply_to_the_parent},
    {"server-dead", server_dead},
    {"both-queues-full", both_full},
    {"queue-left-over", left_over},
    {"receiver-stopped", receiver_stopped},
    {"two-programs-on-one-key", two_programs},
    {"receive-by-key", receive_by_key},
    {"key-of-a-failed-ftok", key_of_a_failed_ftok},
    {"receiver-dead", receiver_dead},
    {"no-queue-left", no_queue_left},
    {NULL, NULL},
};
