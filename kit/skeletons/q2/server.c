// Question 2, the server: it waits for messages in a System V queue.
#include "protocol.h"

#include <stdio.h>
#include <sys/ipc.h>
#include <sys/msg.h>

// The table: the seats that are left of each show.
static int seats[SHOWS] = {100, 80, 60, 8};

int main(void)
{
    // TODO: two parts serve requests, and both see the table. TODO: what is left after Ctrl-C?
    int queue = msgget(ftok(KEY_FILE, KEY_ID), IPC_CREAT | 0600);
    if (queue == -1) {
        perror("cannot open the queue");
        return 1;
    }
    printf("%d shows, %d seats for the first\n", SHOWS, seats[0]);
    struct message message;
    while (msgrcv(queue, &message, sizeof message.text, 0, 0) != -1) {
        // TODO: answer.
    }
    perror("cannot receive a message");
    return 1;
}
