// Question 1, the server: it waits for requests in a FIFO.
#include "protocol.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

// The table: the seats that are left of each show.
static int seats[SHOWS] = {100, 80, 60, 8};

int main(void)
{
    // TODO: two parts serve requests, and both see the table. TODO: what is left after Ctrl-C?
    if (mkfifo(REQUESTS, 0600) == -1) {
        perror("cannot make " REQUESTS);
        return 1;
    }
    // For writing too: so the FIFO has no end, even while there is no client. See fifo(7).
    int requests = open(REQUESTS, O_RDWR);
    if (requests == -1) {
        perror("cannot open " REQUESTS);
        return 1;
    }
    printf("%d shows, %d seats for the first\n", SHOWS, seats[0]);
    struct request request;
    while (read(requests, &request, sizeof request) == (ssize_t)sizeof request) {
        // TODO: answer.
    }
    perror("cannot read " REQUESTS);
    return 1;
}
