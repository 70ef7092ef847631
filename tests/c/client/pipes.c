// Named pipes: the request goes into one of the server's, the reply comes from our own.

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.h"

static char reply_fifo[sizeof SPC_REPLY_FIFO + 10];

static void remove_fifo(void)
{
    unlink(reply_fifo);
}

// Our own FIFO first: no server waits for one that has no reader yet. Without a writer of our own a
// read would return 0 at once.
void ask_pipes(void)
{
    snprintf(reply_fifo, sizeof reply_fifo, SPC_REPLY_FIFO, (int)request.client);
    unlink(reply_fifo);
    if (mkfifo(reply_fifo, 0600) == -1)
        fail("make a FIFO");
    own_file = reply_fifo;
    atexit(remove_fifo);
    int inbox = open(reply_fifo, O_RDONLY | O_NONBLOCK);
    if (inbox == -1 || open(reply_fifo, O_WRONLY) == -1 || fcntl(inbox, F_SETFL, 0) == -1)
        fail("open our FIFO");
    bool reserve = request.kind == SPC_KIND_RESERVE;
    int requests = open(reserve ? SPC_RESERVE_FIFO : SPC_CONSULT_FIFO, O_WRONLY | O_NONBLOCK);
    if (requests == -1 || fcntl(requests, F_SETFL, 0) == -1)
        fail("open the request FIFO (is the server running?)");
    send_all(requests);
    receive_reply(inbox);
}
