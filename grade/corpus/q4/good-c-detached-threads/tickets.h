// What travels through the queue: requests with a small type, replies with a large one.
#ifndef TICKETS_H
#define TICKETS_H

#include <sys/types.h>

#define QUEUE_KEY 0x7e1e7

#define ASK_LIST 1
#define ASK_VIEW 2
#define ASK_BOOK 3
#define REPLY_TO(pid) (0x10000000L + (pid))

struct request {
    long type; // ASK_...
    pid_t from;
    unsigned tag; // comes back with the reply
    int show;
    int seats;
};

struct reply {
    long type; // REPLY_TO(client)
    unsigned tag;
    int ok;
    char text[192]; // for the customer
};

#define BODY(message) (sizeof(message) - sizeof(long))

#endif
