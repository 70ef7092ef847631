// Question 4: the main thread takes requests from the queue and starts a detached thread for each.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>

#include "tickets.h"

struct show {
    const char *title;
    int seats;
    pthread_mutex_t lock; // one for each show: bookings of other shows do not wait
};

static struct show shows[] = {
    {"Cats", 144, PTHREAD_MUTEX_INITIALIZER},
    {"Hair", 61, PTHREAD_MUTEX_INITIALIZER},
    {"Rent", 33, PTHREAD_MUTEX_INITIALIZER},
    {"Wicked", 210, PTHREAD_MUTEX_INITIALIZER},
};
#define N_SHOWS ((int)(sizeof shows / sizeof shows[0]))

static int queue;

// How many threads are at work: the end waits for them.
static int n_running;
static pthread_mutex_t running_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t nobody_runs = PTHREAD_COND_INITIALIZER;

static void list(struct reply *reply)
{
    size_t used = 0;
    for (int i = 0; i < N_SHOWS; i++) {
        pthread_mutex_lock(&shows[i].lock);
        int seats = shows[i].seats;
        pthread_mutex_unlock(&shows[i].lock);
        used += (size_t)snprintf(reply->text + used, sizeof reply->text - used,
                                 "%d. %-10s %4d free\n", i + 1, shows[i].title, seats);
    }
    reply->ok = 1;
}

static void view(const struct request *request, struct reply *reply)
{
    struct show *show = &shows[request->show - 1];
    pthread_mutex_lock(&show->lock);
    snprintf(reply->text, sizeof reply->text, "%s has %d free seats", show->title, show->seats);
    pthread_mutex_unlock(&show->lock);
    reply->ok = 1;
}

static void book(const struct request *request, struct reply *reply)
{
    struct show *show = &shows[request->show - 1];
    if (request->seats <= 0) {
        strcpy(reply->text, "at least one seat, please");
        return;
    }
    pthread_mutex_lock(&show->lock);
    if (request->seats > show->seats)
        snprintf(reply->text, sizeof reply->text, "%s has %d seats only", show->title, show->seats);
    else {
        show->seats -= request->seats;
        reply->ok = 1;
        snprintf(reply->text, sizeof reply->text, "%d seats for %s", request->seats, show->title);
    }
    pthread_mutex_unlock(&show->lock);
}

static void answer(const struct request *request)
{
    struct reply reply;
    memset(&reply, 0, sizeof reply);
    reply.type = REPLY_TO(request->from);
    reply.tag = request->tag;
    if (request->type == ASK_LIST)
        list(&reply);
    else if (request->show < 1 || request->show > N_SHOWS)
        strcpy(reply.text, "there is no such show");
    else if (request->type == ASK_VIEW)
        view(request, &reply);
    else
        book(request, &reply);
    printf("client %d, request %ld: %s\n", (int)request->from, request->type,
           reply.ok ? "done" : "refused");
    // Only the bytes that are used, so that the queue has room for many; never wait for room.
    size_t size = BODY(reply) - sizeof reply.text + strlen(reply.text) + 1;
    if (msgsnd(queue, &reply, size, IPC_NOWAIT) == -1)
        printf("client %d gets no reply: %s\n", (int)request->from, strerror(errno));
}

static void *serve(void *argument)
{
    answer(argument);
    free(argument);
    pthread_mutex_lock(&running_lock);
    if (--n_running == 0)
        pthread_cond_signal(&nobody_runs);
    pthread_mutex_unlock(&running_lock);
    return NULL;
}

static void start_thread(const struct request *request)
{
    pthread_t thread;
    struct request *copy = malloc(sizeof *copy); // the thread frees it
    if (copy) {
        *copy = *request;
        pthread_mutex_lock(&running_lock);
        n_running++;
        pthread_mutex_unlock(&running_lock);
        if (pthread_create(&thread, NULL, serve, copy) == 0) {
            pthread_detach(thread);
            return;
        }
        pthread_mutex_lock(&running_lock);
        n_running--;
        pthread_mutex_unlock(&running_lock);
        free(copy);
    }
    answer(request); // no thread can be had: better late than never
}

// The only thread that hears SIGINT and SIGTERM. Without its queue, the main thread stops.
static void *wait_for_end(void *signals)
{
    int got;
    sigwait(signals, &got);
    msgctl(queue, IPC_RMID, NULL);
    return NULL;
}

int main(void)
{
    static sigset_t ends;
    pthread_t waiter;
    setvbuf(stdout, NULL, _IOLBF, 0);
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);

    int old = msgget(QUEUE_KEY, 0);
    if (old != -1)
        msgctl(old, IPC_RMID, NULL);
    queue = msgget(QUEUE_KEY, IPC_CREAT | IPC_EXCL | 0600);
    if (queue == -1) {
        perror("msgget");
        return 1;
    }
    if (pthread_create(&waiter, NULL, wait_for_end, &ends) != 0) {
        msgctl(queue, IPC_RMID, NULL);
        return 1;
    }
    printf("server ready\n");
    for (;;) {
        struct request request;
        // Any request, never a reply: the smallest type that is not above ASK_BOOK.
        ssize_t size = msgrcv(queue, &request, BODY(request), -ASK_BOOK, MSG_NOERROR);
        if (size == (ssize_t)BODY(request) && request.from > 0)
            start_thread(&request);
        else if (size == -1 && errno != EINTR)
            break;
    }
    pthread_mutex_lock(&running_lock);
    while (n_running > 0)
        pthread_cond_wait(&nobody_runs, &running_lock);
    pthread_mutex_unlock(&running_lock);
    pthread_join(waiter, NULL);
    printf("server ended\n");
    return 0;
}
