// Question 4, the server: it receives requests, and starts a thread for each.
#include "protocol.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/msg.h>

// The table: the seats that are left of each show.
static int seats[SHOWS] = {100, 80, 60, 8};

int main(void)
{
    // TODO: what is left after Ctrl-C?
    int queue = msgget(ftok(KEY_FILE, KEY_ID), IPC_CREAT | 0600);
    if (queue == -1) {
        perror("cannot open the queue");
        return 1;
    }
    printf("%d shows, %d seats for the first\n", SHOWS, seats[0]);
    struct message message;
    while (msgrcv(queue, &message, sizeof message.text, 0, 0) != -1) {
        // TODO: start a thread that answers. Who owns the message? Who ends the thread?
    }
    perror("cannot receive a message");
    return 1;
}
