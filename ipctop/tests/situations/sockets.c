/* Situations at TCP and Unix sockets. */
#define _GNU_SOURCE
#include "situation.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int listener, pair[2];
static struct sockaddr_in address;
static char buffer[4096];

static void listen_with(int backlog) {
    socklen_t len = sizeof address;
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
    check(bind(listener, (struct sockaddr *)&address, len), "bind");
    check(listen(listener, backlog), "listen");
    check(getsockname(listener, (struct sockaddr *)&address, &len), "getsockname");
}

static int connected(int flags) {
    int fd = check(socket(AF_INET, SOCK_STREAM | flags, 0), "socket");
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == -1 && errno != EINPROGRESS)
        check(-1, "connect");
    return fd;
}

static void fill(int fd) {
    for (;;)
        check((int)send(fd, buffer, sizeof buffer, 0), "send");
}

static void accept_and_sleep(void) {
    check(accept(listener, NULL, NULL), "accept");
    sleep_for_ever();
}

static void not_read(void) {
    listen_with(5);
    child(accept_and_sleep);
    close(listener);
    int fd = connected(0);
    ready();
    fill(fd);
}

static void sleep_with_second(void) {
    close(pair[0]);
    sleep_for_ever();
}

static void unix_not_read(void) {
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
    child(sleep_with_second);
    close(pair[1]);
    ready();
    fill(pair[0]);
}

static void accept_and_receive(void) {
    int fd = check(accept(listener, NULL, NULL), "accept");
    while (recv(fd, buffer, sizeof buffer, 0) > 0)
        ;
}

static void both_receive(void) {
    listen_with(5);
    child(accept_and_receive);
    close(listener);
    int fd = connected(0);
    check((int)send(fd, "hello", 5, 0), "send");
    ready();
    recv(fd, buffer, sizeof buffer, 0);
}

static void fill_second(void) {
    close(pair[0]);
    fill(pair[1]);
}

static void both_send(void) {
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
    child(fill_second);
    close(pair[1]);
    ready();
    fill(pair[0]);
}

static void connect_and_end(void) { connected(0); }

static void not_closed(void) {
    listen_with(5);
    pid_t client = child(connect_and_end);
    check(accept(listener, NULL, NULL), "accept");
    await(client);
    close(listener);
    ready_and_pause();
}

/* A connection that ends without a word, as when the other machine loses its power. */
static void vanish(void) {
    int on = 1, fd = connected(0);
    if (setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &on, sizeof on) == -1)
        skip("CAP_NET_ADMIN");
    close(fd);
}

static void half_open(void) {
    listen_with(5);
    pid_t client = child(vanish);
    int fd = check(accept(listener, NULL, NULL), "accept");
    await(client);
    ready();
    recv(fd, buffer, sizeof buffer, 0);
}

static void not_accepted(void) {
    listen_with(5);
    connected(0);
    ready_and_pause();
}

static void backlog_full(void) {
    listen_with(1);
    for (int i = 0; i < 6; i++)
        connected(SOCK_NONBLOCK);
    ready_and_pause();
}

static void server_stopped(void) {
    listen_with(5);
    pid_t server = child(accept_and_receive);
    int fd = connected(0);
    close(listener);
    check((int)send(fd, "hello", 5, 0), "send");
    await_state(server, 'S');
    stop(server);
    check((int)send(fd, "hello", 5, 0), "send");
    ready_and_pause();
}

const struct situation socket_situations[] = {
    {"socket-not-read", not_read},
    {"unix-socket-not-read", unix_not_read},
    {"socket-both-receive", both_receive},
    {"socket-both-send", both_send},
    {"socket-not-closed", not_closed},
    {"socket-half-open", half_open},
    {"socket-not-accepted", not_accepted},
    {"socket-backlog-full", backlog_full},
    {"socket-server-stopped", server_stopped},
    {NULL, NULL},
};
