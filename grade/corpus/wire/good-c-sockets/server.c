// Box office over TCP: one process, one thread, one loop of poll(2).

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "box.h"

enum { CLIENTS = 900, OUT_MAX = 16384 };

struct client {
    int fd;
    size_t n_in, n_out;
    union { struct request request; char bytes[HEAD]; } in;
    char out[OUT_MAX];
    bool last;          // nothing more is answered: what is in `out`, then the end
    bool shut;
    long deadline;      // for a request that has begun, or answers that are not read; 0: none
};

static struct client clients[CLIENTS];
static int n_clients, listener = -1, signals = -1, status;
static bool stopping;

static long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void flush_out(struct client *c)
{
    ssize_t n = c->n_out == 0 ? 0 : send(c->fd, c->out, c->n_out, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) {
        memmove(c->out, c->out + n, c->n_out - (size_t)n);
        c->n_out -= (size_t)n;
        c->deadline = 0;
    } else if (n == -1 && errno != EAGAIN && errno != EINTR) {
        c->n_out = 0;
        c->last = true;
    }
}

static void put(struct client *c, struct reply *reply)
{
    size_t size = HEAD + (size_t)reply->count * sizeof reply->rows[0];
    memcpy(reply->magic, "SPC1", 4);
    reply->server = getpid();
    if (c->n_out + size <= OUT_MAX) {
        memcpy(c->out + c->n_out, reply, size);
        c->n_out += size;
    }
}

// Reads what has come, as long as there is room for an answer; whether there may be more.
static bool hear(struct client *c)
{
    char waste[4096];
    if (!c->last && c->n_out + sizeof(struct reply) > OUT_MAX)
        return false;
    char *to = c->last ? waste : c->in.bytes + c->n_in;
    ssize_t n = recv(c->fd, to, c->last ? sizeof waste : HEAD - c->n_in, MSG_DONTWAIT);
    if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR)) {
        if (c->shut || n == -1)
            c->deadline = 1;
        c->last = true;
        return false;
    }
    if (n == -1 || c->last)
        return n > 0;
    if (c->n_in == 0 && c->deadline == 0)
        c->deadline = now_ms() + 5000;
    c->n_in += (size_t)n;
    if (memcmp(c->in.bytes, "SPC1", c->n_in < 4 ? c->n_in : 4) != 0) {
        struct reply reply = {.status = BAD_REQUEST};
        put(c, &reply);
        c->last = true;
    } else if (c->n_in == HEAD) {
        struct reply reply;
        if (!decide(&c->in.request, &reply)) {
            stopping = true;
            status = 2;
        }
        put(c, &reply);
        c->n_in = 0;
        c->deadline = 0;
    }
    return !stopping;
}

// Sends what there is, and ends a connection of which nothing more is wanted. False: it is gone.
static bool go_on(struct client *c)
{
    flush_out(c);
    if (c->n_out > 0 && c->deadline == 0)
        c->deadline = now_ms() + 5000;
    if (c->last && c->n_out == 0 && !c->shut) {
        shutdown(c->fd, SHUT_WR);
        c->shut = true;
        if (c->deadline != 1)
            c->deadline = now_ms() + 500;
    }
    if (c->deadline == 0 || now_ms() < c->deadline)
        return true;
    if (c->shut || c->n_out > 0) {
        close(c->fd);
        return false;
    }
    struct reply reply = {.status = BAD_REQUEST};
    if (c->n_in >= 16)
        reply.nonce = c->in.request.nonce;
    put(c, &reply);
    c->last = true;
    c->deadline = 0;
    return true;
}

// Answers what has arrived, half a second at most, and then speaks for the rest.
static void say_goodbye(void)
{
    long until = now_ms() + 500;
    close(listener);
    listener = -1;
    bool failed = status != 0;
    for (int i = 0; i < n_clients; i++) {
        struct client *c = &clients[i];
        stopping = false;
        while (!failed && !c->last && now_ms() < until && hear(c))
            flush_out(c);
        flush_out(c);
        struct reply reply = {.status = UNAVAILABLE};
        if (!c->last)
            put(c, &reply);
        c->last = true;
        failed = status != 0;
    }
    stopping = true;
}

static void serve(void)
{
    static struct pollfd polled[CLIENTS + 2];
    long end = 0;
    while (!stopping || (n_clients > 0 && now_ms() < end)) {
        polled[0] = (struct pollfd){.fd = signals, .events = POLLIN};
        // Without room for one more, connections wait in the kernel.
        polled[1] = (struct pollfd){.fd = n_clients < CLIENTS ? listener : -1, .events = POLLIN};
        int n = n_clients;
        for (int i = 0; i < n; i++) {
            bool room = clients[i].last || clients[i].n_out + sizeof(struct reply) <= OUT_MAX;
            short events = (short)((room ? POLLIN : 0) | (clients[i].n_out > 0 ? POLLOUT : 0));
            polled[i + 2] = (struct pollfd){.fd = clients[i].fd, .events = events};
        }
        poll(polled, (nfds_t)n + 2, 100);
        for (int i = 0; i < n && (!stopping || end != 0); i++)
            for (int k = 0; polled[i + 2].revents & (POLLIN | POLLHUP | POLLERR) && k < 16; k++)
                if (!hear(&clients[i]))
                    break;
        if (polled[1].revents & POLLIN && !stopping) {
            int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd != -1)
                clients[n_clients++] = (struct client){.fd = fd};
        }
        if (polled[0].revents & POLLIN)
            stopping = true;
        if (stopping && end == 0) {
            say_goodbye();
            end = now_ms() + 500;
        }
        for (int i = n_clients - 1; i >= 0; i--)
            if (!go_on(&clients[i]))
                clients[i] = clients[--n_clients];
    }
}

static void open_listener(char *where)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    char *port = strrchr(where, ':');
    int on = 1;
    if (port != NULL) {
        *port = '\0';
        address.sin_port = htons((uint16_t)atoi(port + 1));
    }
    if (port == NULL || inet_pton(AF_INET, where, &address.sin_addr) != 1)
        fail("understand --listen");
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener == -1 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1 ||
        bind(listener, (struct sockaddr *)&address, size) == -1 || listen(listener, 512) == -1 ||
        getsockname(listener, (struct sockaddr *)&address, &size) == -1)
        fail("listen");
    printf("ready box-office %s:%d\n", where, ntohs(address.sin_port));
    fflush(stdout);
}

int main(int argc, char **argv)
{
    char *dir = "run", standard[] = "127.0.0.1:5000", *where = standard;
    for (int i = 1; i + 1 < argc; i += 2)
        if (strcmp(argv[i], "--dir") == 0)
            dir = argv[i + 1];
        else if (strcmp(argv[i], "--listen") == 0)
            where = argv[i + 1];
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signals = signalfd(-1, &set, SFD_CLOEXEC);
    open_table(dir);
    open_listener(where);
    serve();
    return status;
}
