// What the files of the client share: the question, its answer, and how it ends without one.

#ifndef CLIENT_H
#define CLIENT_H

#include <signal.h>
#include <stdbool.h>

#include "spectacles.h"

extern struct spc_request request;
extern struct spc_reply reply;
extern volatile sig_atomic_t sent;     // whether the server may have the request
extern const char *volatile own_file; // what a signal that ends us removes first

// One function for each mechanism, in a file of its own: sends the request, returns when `reply` is
// the answer to it. The first two work in DIR.
void ask_pipes(void);
void ask_queues(void);
void ask_sockets(char *address);

_Noreturn void usage(void);

// Ends the program, with what failed and what that means.
_Noreturn void fail(const char *what);

// Whether the call that has just failed is to be made once more: it was interrupted, as fg(1) does.
bool again(void);

// Whether `reply` answers `request`. One for an earlier process that had our PID has another nonce,
// and so has a forgery.
bool is_ours(void);

// Ends the program if the lock file in DIR says that the server is in other namespaces than we are.
void check_namespaces(bool has_queues);

// For pipes and connections.
void send_all(int fd);
void receive_reply(int fd);

#endif // CLIENT_H
