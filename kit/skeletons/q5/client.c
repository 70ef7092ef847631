// Question 5, the client: its argument is the address of the server.
#include "protocol.h"

#include <stdio.h>

int ask(const struct request *request, struct reply *reply)
{
    // TODO: connect to server_address, send the request, and receive the reply.
    (void)request;
    (void)reply;
    printf("ask() is not written yet\n");
    return 0;
}

const char *server_address = "127.0.0.1";

int main(int argc, char **argv)
{
    if (argc > 1)
        server_address = argv[1];
    menu();
    return 0;
}
