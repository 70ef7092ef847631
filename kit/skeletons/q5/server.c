// Question 5, the server: it waits for connections.
#include "protocol.h"

#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

// The table: the seats that are left of each show.
static int seats[SHOWS] = {100, 80, 60, 8};

int main(void)
{
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    int yes = 1;
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    here.sin_addr.s_addr = htonl(INADDR_ANY);
    // So that it can be started again at once. See socket(7).
    if (listener == -1
        || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == -1
        || bind(listener, (struct sockaddr *)&here, sizeof here) == -1
        || listen(listener, SOMAXCONN) == -1) {
        perror("cannot listen");
        return 1;
    }
    printf("%d shows, %d seats for the first\n", SHOWS, seats[0]);
    int client;
    while ((client = accept(listener, NULL, NULL)) != -1) {
        // TODO: serve this client, and others meanwhile.
        close(client);
    }
    perror("cannot accept a connection");
    return 1;
}
