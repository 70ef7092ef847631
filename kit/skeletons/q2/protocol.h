// What the server and the client have in common.
#ifndef PROTOCOL_H
#define PROTOCOL_H

// The key of the queue, the same in both programs. See ftok(3).
#define KEY_FILE "."
#define KEY_ID 'S'

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

// A message: msgrcv(2) chooses by its type. TODO: which type has a request, which a reply?
struct message {
    long type;
    char text[64];
};

// Sends a request and waits for its reply (client.c); 0 if there is none: it has said why.
int ask(const struct request *request, struct reply *reply);

// Talks to the person until it wants to quit (menu.c).
void menu(void);

#endif
