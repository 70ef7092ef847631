// Question 3, the server: a thread for each part, each waits for the messages of its type.
#include "protocol.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <string.h>

// The table: the seats that are left of each show.
static int seats[SHOWS] = {100, 80, 60, 8};

static int queue;

static void *serve(void *kind)
{
    long type = *(const enum kind *)kind;
    struct message message;
    while (msgrcv(queue, &message, sizeof message.text, type, 0) != -1) {
        // TODO: answer. Both threads use the table.
    }
    perror("cannot receive a message");
    return NULL;
}

int main(void)
{
    // TODO: what is left after Ctrl-C?
    queue = msgget(ftok(KEY_FILE, KEY_ID), IPC_CREAT | 0600);
    if (queue == -1) {
        perror("cannot open the queue");
        return 1;
    }
    printf("%d shows, %d seats for the first\n", SHOWS, seats[0]);
    static const enum kind kinds[2] = {CONSULT, RESERVE};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        int error = pthread_create(&threads[i], NULL, serve, (void *)&kinds[i]);
        if (error != 0) {
            fprintf(stderr, "cannot start a thread: %s\n", strerror(error));
            return 1;
        }
    }
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    return 1;
}
