// Question 1, the client.
#include "protocol.h"

#include <stdio.h>

int ask(const struct request *request, struct reply *reply)
{
    // TODO: write the request into the server's FIFO, and read the reply.
    (void)request;
    (void)reply;
    printf("ask() is not written yet\n");
    return 0;
}

int main(void)
{
    menu();
    return 0;
}
