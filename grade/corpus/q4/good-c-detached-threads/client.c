// Question 4: the client. Shows the table once, then takes orders.
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <time.h>
#include <unistd.h>

#include "tickets.h"

static int queue;
static unsigned tag;

static void closed(void)
{
    puts("The box office is closed.");
    exit(1);
}

static struct reply ask(long type, int show, int seats)
{
    struct request request = {type, getpid(), ++tag, show, seats};
    struct reply reply;
    while (msgsnd(queue, &request, BODY(request), 0) == -1)
        if (errno != EINTR)
            closed();
    do {
        memset(&reply, 0, sizeof reply);
        while (msgrcv(queue, &reply, BODY(reply), REPLY_TO(getpid()), MSG_NOERROR) == -1)
            if (errno != EINTR)
                closed();
    } while (reply.tag != tag); // else it was for somebody who had this PID before
    reply.text[sizeof reply.text - 1] = '\0';
    return reply;
}

// One line, without spaces around it; the end of the input ends the client.
static char *line(const char *prompt)
{
    static char *text;
    static size_t room;
    printf("%s", prompt);
    fflush(stdout);
    ssize_t n = getline(&text, &room, stdin);
    if (n == -1) {
        putchar('\n');
        exit(0);
    }
    while (n > 0 && isspace((unsigned char)text[n - 1]))
        text[--n] = '\0';
    char *start = text;
    while (isspace((unsigned char)*start))
        start++;
    return start;
}

// 1 and the number, or 0.
static int number(const char *prompt, int *value)
{
    char *text = line(prompt), *end;
    errno = 0;
    long n = strtol(text, &end, 10);
    if (*text == '\0' || *end != '\0' || errno != 0 || n < -1000000 || n > 1000000) {
        puts("That is not a sensible number.");
        return 0;
    }
    *value = (int)n;
    return 1;
}

int main(void)
{
    struct timespec now;
    queue = msgget(QUEUE_KEY, 0);
    if (queue == -1)
        closed();
    clock_gettime(CLOCK_REALTIME, &now);
    tag = (unsigned)now.tv_nsec * 7919u;
    printf("%s", ask(ASK_LIST, 0, 0).text);
    for (;;) {
        int show, seats;
        char order = *line("[i]nquire, [b]ook, [q]uit: ");
        if (order == 'q')
            return 0;
        if (order == 'i') {
            if (number("which show? ", &show))
                printf("-> %s.\n", ask(ASK_VIEW, show, 0).text);
        } else if (order == 'b') {
            if (!number("which show? ", &show) || !number("how many? ", &seats))
                continue;
            struct reply reply = ask(ASK_BOOK, show, seats);
            printf("-> %s: %s.\n", reply.ok ? "Booked" : "Not booked", reply.text);
        }
    }
}
