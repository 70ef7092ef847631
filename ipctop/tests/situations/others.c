/* Programs that are not stuck: at rest, many, or with names that mean harm. */
#define _GNU_SOURCE
#include "situation.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MANY_THREADS = 20000, DEPTH = 30 };

static void hostile_names(void) {
    struct {
        long type;
        char text[64];
    } message = {.type = 9, .text = "\033]0;title\007\033[2J\r\nboo"};
    int queue = check(msgget(IPC_PRIVATE, 0600), "msgget");
    check(msgsnd(queue, &message, sizeof message.text, 0), "msgsnd");
    check(prctl(PR_SET_NAME, "\033[2J\n) R \xff\x9b"), "prctl");
    check(mkfifo("\033[31m\nfifo", 0600), "mkfifo");
    check(open("\033[31m\nfifo", O_RDWR), "open");
    ready();
    msgrcv(queue, &message, sizeof message.text, 7, 0);
}

static void deep_path(void) {
    char name[201];
    memset(name, 'x', 200);
    name[200] = 0;
    for (int i = 0; i < DEPTH; i++) {
        check(mkdir(name, 0700), "mkdir");
        check(chdir(name), "chdir");
    }
    check(mkfifo("fifo", 0600), "mkfifo");
    ready();
    check(open("fifo", O_RDONLY), "open");
}

static void *rest(void *unused) {
    sleep_for_ever();
    return unused;
}

static void many_threads(void) {
    pthread_attr_t small;
    pthread_t thread;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 16384);
    for (int i = 0; i < MANY_THREADS; i++)
        if (pthread_create(&thread, &small, rest, NULL) != 0)
            break;
    ready_and_pause();
}

static void many_processes(int count) {
    for (int i = 0; i < count; i++)
        child(sleep_for_ever);
    ready_and_pause();
}

static void five_hundred_processes(void) { many_processes(500); }
static void five_thousand_processes(void) { many_processes(5000); }

static void thousand_queues(void) {
    for (int i = 0; i < 1000; i++)
        check(msgget(IPC_PRIVATE, 0600), "msgget");
    ready_and_pause();
}

const struct situation other_situations[] = {
    {"rests", ready_and_pause},
    {"hostile-names", hostile_names},
    {"deep-path", deep_path},
    {"many-threads", many_threads},
    {"five-hundred-processes", five_hundred_processes},
    {"five-thousand-processes", five_thousand_processes},
    {"thousand-queues", thousand_queues},
    {NULL, NULL},
};
