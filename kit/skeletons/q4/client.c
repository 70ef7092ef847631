// Question 4, the client.
#include "protocol.h"

#include <stdio.h>

int ask(const struct request *request, struct reply *reply)
{
    // TODO: send the request to the server's queue, and receive the reply that is yours.
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
