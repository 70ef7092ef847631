// TCP: request and reply go over one connection; a dispatcher sends us to another server.

#define _GNU_SOURCE
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"

// How often the dispatcher is asked for one question, as the other clients do.
enum { TRIES_MAX = 3 };

// -1 if nobody listens there: it is certain that nothing was sent.
static int connect_to(const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *addresses;
    int fd = -1, error = getaddrinfo(host, port, &hints, &addresses);
    if (error != 0) {
        fprintf(stderr, "client: cannot find %s: %s\n", host, gai_strerror(error));
        exit(2);
    }
    for (struct addrinfo *it = addresses; it != NULL && fd == -1; it = it->ai_next) {
        fd = socket(it->ai_family, SOCK_STREAM, 0);
        error = errno;
        if (fd != -1 && connect(fd, it->ai_addr, it->ai_addrlen) == -1) {
            error = errno;
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(addresses);
    errno = error;
    if (fd == -1 && error != ECONNREFUSED)
        fail("connect (is the server running?)");
    return fd;
}

// HOST:PORT, where an IPv6 address stands in brackets.
void ask_sockets(char *address)
{
    char *colon = strrchr(address, ':'), port[12];
    if (colon == NULL || colon == address)
        usage();
    *colon = '\0';
    if (address[0] == '[' && colon[-1] == ']') {
        colon[-1] = '\0';
        address++;
    }
    for (int tries = 1;; tries++) {
        int connection = connect_to(address, colon + 1);
        if (connection == -1)
            fail("connect (is the server running?)");
        send_all(connection);
        receive_reply(connection);
        if (reply.status != SPC_STATUS_REDIRECT)
            return;
        // A dispatcher only tells where to ask.
        sent = false;
        close(connection);
        snprintf(port, sizeof port, "%d", (int)reply.show);
        connection = connect_to(address, port);
        if (connection != -1) {
            send_all(connection);
            receive_reply(connection);
            return;
        }
        if (tries == TRIES_MAX)
            fail("connect where the dispatcher sends us");
    }
}
