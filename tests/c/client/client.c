// A box-office client for every mechanism: pipes, queues, sockets. It asks one question and ends.
//
//     cc -std=c11 -Wall -Wextra -I common/include -o client tests/c/client/*.c
//     ./client queues --dir run reserve 3 2

#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/time.h>
#include <unistd.h>

#include "client.h"

struct spc_request request;
struct spc_reply reply;
volatile sig_atomic_t sent;
const char *volatile own_file;
static double timeout = 5;
static char no_answer[64];

static const char *meaning(void)
{
    return request.kind != SPC_KIND_RESERVE ? "ask again"
           : sent ? "the outcome is unknown, the seats may have been taken"
                  : "nothing was reserved";
}

_Noreturn void fail(const char *what)
{
    fprintf(stderr, "client: cannot %s: %s: %s\n", what, strerror(errno), meaning());
    exit(2);
}

_Noreturn void usage(void)
{
    fputs("usage: client pipes|queues|sockets [--dir DIR] [--connect HOST:PORT] [--timeout SECONDS]"
          " list | view SHOW | reserve SHOW SEATS\n", stderr);
    exit(2);
}

static void say(const char *text)
{
    if (write(STDERR_FILENO, text, strlen(text)) == -1)
        return; // Nobody is left to tell.
}

// Whatever we are waiting for, a call, a name server, one who answers for ever with another nonce:
// the time is up, or somebody ends us. Only what signal-safety(7) allows.
static void end(int signal_number)
{
    say(signal_number == SIGALRM ? no_answer : "client: interrupted: ");
    say(meaning());
    say("\n");
    if (own_file != NULL)
        unlink(own_file);
    if (signal_number == SIGALRM)
        _exit(2);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

// Blocked and ignored signals are inherited; with SIGALRM among them no time-out would end. Only
// SIGHUP and SIGINT are left alone where they are ignored: nohup, a job in the background.
static void start_timer(void)
{
    const int ending[] = {SIGALRM, SIGTERM, SIGINT, SIGHUP};
    struct sigaction action = {.sa_handler = end}, old;
    struct itimerval timer = {0};
    sigset_t none;
    sigemptyset(&none);
    sigfillset(&action.sa_mask);
    snprintf(no_answer, sizeof no_answer, "client: no answer within %g s: ", timeout);
    for (size_t i = 0; i < sizeof ending / sizeof ending[0]; i++)
        if (sigaction(ending[i], NULL, &old) == -1 ||
            ((i < 2 || old.sa_handler != SIG_IGN) && sigaction(ending[i], &action, NULL) == -1))
            fail("handle a signal");
    timer.it_value.tv_sec = (time_t)timeout;
    timer.it_value.tv_usec = (suseconds_t)((timeout - (double)(time_t)timeout) * 1e6);
    if (sigprocmask(SIG_SETMASK, &none, NULL) == -1 || setitimer(ITIMER_REAL, &timer, NULL) == -1)
        fail("start a timer");
}

bool again(void)
{
    return errno == EINTR;
}

bool is_ours(void)
{
    return memcmp(reply.magic, SPC_MAGIC, sizeof reply.magic) == 0 && reply.nonce == request.nonce;
}

void send_all(int fd)
{
    size_t done = 0;
    while (done < sizeof request) {
        ssize_t size = write(fd, (const char *)&request + done, sizeof request - done);
        if (size == -1 && !again())
            fail("send the request");
        // A part is enough for a server to have it soon.
        sent |= size > 0;
        done += size > 0 ? (size_t)size : 0;
    }
}

static void receive_all(int fd, void *bytes, size_t wanted)
{
    for (size_t done = 0; done < wanted;) {
        ssize_t size = read(fd, (char *)bytes + done, wanted - done);
        if (size == 0)
            errno = ECONNRESET;
        if (size == 0 || (size == -1 && !again()))
            fail("receive the reply");
        done += size > 0 ? (size_t)size : 0;
    }
}

// Nothing keeps the boundaries of records here: the first 32 bytes say how many rows follow.
void receive_reply(int fd)
{
    bool to_all;
    do {
        receive_all(fd, &reply, SPC_REPLY_SIZE);
        errno = EPROTO;
        if (memcmp(reply.magic, SPC_MAGIC, sizeof reply.magic) != 0 || reply.count < 0 ||
            reply.count > SPC_ROWS)
            fail("understand the reply");
        receive_all(fd, reply.rows, (size_t)reply.count * sizeof reply.rows[0]);
        // Nonce 0 speaks for a whole connection, for which there is no room.
        to_all = reply.nonce == 0 && (reply.status == SPC_STATUS_BUSY ||
                                      reply.status == SPC_STATUS_UNAVAILABLE);
    } while (!is_ours() && !to_all);
}

// Titles come from elsewhere: no byte of them may drive the terminal.
static void print_row(struct spc_spectacle *row)
{
    for (int i = 0; i < SPC_TITLE_SIZE; i++)
        if (row->title[i] != 0 && (row->title[i] < ' ' || row->title[i] == 0x7f))
            row->title[i] = '?';
    if (row->id != 0)
        printf("%3d  %.*s: %d seats left\n", (int)row->id, SPC_TITLE_SIZE, (char *)row->title,
               (int)row->seats);
}

static int print_reply(void)
{
    static const char *const words[] = {
        "done", "there is no such show", "not enough seats", "a reservation is for at least 1 seat",
        "bad request", "the server is busy, nothing was done", "the server is stopping",
    };
    size_t known = sizeof words / sizeof words[0], status = (size_t)reply.status;
    if (status == SPC_STATUS_NOT_ENOUGH_SEATS)
        printf("not enough seats, %d left\n", (int)reply.seats);
    else if (status != SPC_STATUS_OK)
        printf("%s\n", status < known ? words[status] : "a status of another version");
    else if (request.kind == SPC_KIND_LIST)
        for (int row = 0; row < reply.count; row++)
            print_row(&reply.rows[row]);
    else
        printf("show %d: %d seats left\n", (int)reply.show, (int)reply.seats);
    // A reservation is answered all the same, and cannot be asked for again.
    if (fflush(stdout) == EOF && request.kind == SPC_KIND_RESERVE) {
        fprintf(stderr, "client: cannot write to standard output: %s; the answer was: status %d, "
                "%d seats left\n", strerror(errno), (int)reply.status, (int)reply.seats);
        return 3;
    }
    if (ferror(stdout))
        return 2;
    return status == SPC_STATUS_OK ? 0 : status <= SPC_STATUS_BAD_SEATS ? 1 : 2;
}

static int32_t number(const char *text)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < INT32_MIN || value > INT32_MAX)
        usage();
    return (int32_t)value;
}

int main(int argc, char **argv)
{
    char address[300], *end = NULL;
    const char *mechanism = argc > 1 ? argv[1] : "", *dir = "run";
    int at = 2;
    snprintf(address, sizeof address, "127.0.0.1:%d", SPC_SOCKETS_PORT);
    for (; at + 1 < argc && argv[at][0] == '-'; at += 2)
        if (strcmp(argv[at], "--dir") == 0)
            dir = argv[at + 1];
        else if (strcmp(argv[at], "--connect") == 0)
            snprintf(address, sizeof address, "%s", argv[at + 1]);
        else if (strcmp(argv[at], "--timeout") == 0)
            timeout = strtod(argv[at + 1], &end);
        else
            usage();
    int words = argc - at;
    if ((end != NULL && *end != '\0') || !(timeout >= 0.001 && timeout <= 86400))
        usage();
    if (words == 1 && strcmp(argv[at], "list") == 0)
        request.kind = SPC_KIND_LIST;
    else if (words == 2 && strcmp(argv[at], "view") == 0)
        request.kind = SPC_KIND_VIEW;
    else if (words == 3 && strcmp(argv[at], "reserve") == 0)
        request.kind = SPC_KIND_RESERVE;
    else
        usage();
    request.show = words > 1 ? number(argv[at + 1]) : 0;
    request.seats = words > 2 ? number(argv[at + 2]) : 0;
    request.client = getpid();
    memcpy(request.magic, SPC_MAGIC, sizeof request.magic);
    if (getrandom(&request.nonce, sizeof request.nonce, 0) != sizeof request.nonce)
        fail("draw a nonce");
    start_timer();
    // A server that ends while we write is an error of that call, not the end of this program.
    signal(SIGPIPE, SIG_IGN);
    bool sockets = strcmp(mechanism, "sockets") == 0;
    if (!sockets && chdir(dir) == -1)
        fail("enter the directory (is the server running?)");
    bool queues = strcmp(mechanism, "queues") == 0;
    if (queues || strcmp(mechanism, "pipes") == 0)
        check_namespaces(queues);
    if (strcmp(mechanism, "pipes") == 0)
        ask_pipes();
    else if (queues)
        ask_queues();
    else if (sockets)
        ask_sockets(address);
    else
        usage();
    return print_reply();
}
