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
        if (fd != -1 && connect(fd, it->ai_addr, it->ai_addrlen) == -1) {
            error = errno;
            close(fd);
            errno = error;
            fd = -1;
        }
    }
    if (fd == -1)
        fail("connect (is the server running?)");
    freeaddrinfo(addresses);
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
    int connection = connect_to(address, colon + 1);
    send_all(connection);
    receive_reply(connection);
    if (reply.status == SPC_STATUS_REDIRECT) {
        snprintf(port, sizeof port, "%d", (int)reply.show);
        sent = false;
        connection = connect_to(address, port);
        send_all(connection);
        receive_reply(connection);
    }
}
