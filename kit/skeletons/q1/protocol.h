// What the server and the client have in common.
#ifndef PROTOCOL_H
#define PROTOCOL_H

// The FIFO in which the server waits for requests. TODO: where do replies go?
#define REQUESTS "requests.fifo"

// The shows, numbered from 1. The server alone holds the seats.
#define SHOWS 4
static const char *const titles[SHOWS] = {"Hamlet", "Macbeth", "Othello", "The Tempest"};

// The parts of the server: a request is for one of them.
enum kind { CONSULT = 1, RESERVE = 2 };

struct request {
    enum kind kind;
    int show;
    int seats; // for RESERVE
};

struct reply {
    int done; // RESERVE: 1 if the seats are reserved
    int left; // the seats that are left
};

// Sends a request and waits for its reply (client.c); 0 if there is none: it has said why.
int ask(const struct request *request, struct reply *reply);

// Talks to the person until it wants to quit (menu.c).
void menu(void);

#endif
