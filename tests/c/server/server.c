// A plain box-office server over two System V message queues (q2's protocol), in one loop.
//
//     cc -std=c11 -Wall -Wextra -pthread -I common/include -o server tests/c/server/server.c
//     ./server --dir run
//
// One thread takes the requests in the order of their arrival and answers each before it takes the
// next; a second one waits for the signal to stop. It is honest: no seat is sold twice, and none is
// acknowledged before it is on disk. It is plain: one sync for each reservation, and when the reply
// queue is full the oldest reply goes, be it that of a client which would still have read it.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/msg.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spectacles.h"

// A message is a type and then the bytes of the protocol. One byte more than a request has tells a
// longer message, which msgrcv cuts, from a request.
struct request_message { long mtype; struct spc_request request; char more; };
struct reply_message { long mtype; struct spc_reply reply; };

static struct spc_spectacle table[SPC_ROWS];
static int data_file, requests = -1, replies = -1;
static atomic_bool stopping;

static void remove_queues(void)
{
    msgctl(requests, IPC_RMID, NULL);
    msgctl(replies, IPC_RMID, NULL);
}

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "server: cannot %s: %s\n", what, strerror(errno));
    remove_queues();
    exit(2);
}

// A short write is an error: the file never grows, so it cannot lack room for a part.
static bool write_durably(const void *bytes, size_t size, off_t offset)
{
    errno = EIO;
    return pwrite(data_file, bytes, size, offset) == (ssize_t)size && fdatasync(data_file) == 0;
}

// A new file is written under another name, so that a crash leaves none that is half a table.
static void make_data_file(void)
{
    static const struct spc_spectacle sample[SPC_ROWS] = {
        {.id = 1, .title = "Cyrano de Bergerac", .date = "08/01/2027", .seats = 200},
        {.id = 2, .title = "En attendant Godot", .date = "05/02/2027", .seats = 80},
        {.id = 3, .title = "Le Lac des cygnes", .date = "26/03/2027", .seats = 180},
    };
    int dir = open(".", O_RDONLY | O_DIRECTORY);
    data_file = open("new.dat", O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
    if (dir == -1 || data_file == -1 || !write_durably(sample, sizeof sample, 0) ||
        rename("new.dat", SPC_DATA_FILE) == -1 || fsync(dir) == -1)
        fail("make " SPC_DATA_FILE);
    close(dir);
}

// Reads the table, and writes it back: after a crash the counts that we read may be in the page
// cache only, and no client may see a count that a power cut takes back.
static void open_data_file(void)
{
    data_file = open(SPC_DATA_FILE, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
    if (data_file == -1 && errno == ENOENT)
        make_data_file();
    char more;
    bool legal = pread(data_file, table, sizeof table, 0) == SPC_TABLE_SIZE &&
                 pread(data_file, &more, 1, SPC_TABLE_SIZE) == 0;
    for (int row = 0; row < SPC_ROWS; row++)
        legal = legal && table[row].id >= 0 && table[row].seats >= 0;
    if (!legal)
        fail("use " SPC_DATA_FILE ", which is no table or cannot be read");
    if (!write_durably(table, sizeof table, 0))
        fail("write " SPC_DATA_FILE);
}

// Two lines of the lock file: which file this is, and where its numbers have their meaning. In a
// copy of it, after a boot or in another IPC namespace they name queues of somebody else.
static void describe(int fd, char *file, char *namespaces, size_t size)
{
    char boot[40] = "", pid[40] = "", ipc[40] = "";
    struct stat status;
    FILE *id = fopen("/proc/sys/kernel/random/boot_id", "r");
    if (fstat(fd, &status) == -1 || id == NULL || fgets(boot, sizeof boot, id) == NULL ||
        readlink("/proc/self/ns/pid", pid, sizeof pid - 1) == -1 ||
        readlink("/proc/self/ns/ipc", ipc, sizeof ipc - 1) == -1)
        fail("tell where this process runs");
    fclose(id);
    boot[strcspn(boot, "\n")] = '\0';
    snprintf(file, size, "file %ju:%ju boot %s\n", (uintmax_t)status.st_dev,
             (uintmax_t)status.st_ino, boot);
    snprintf(namespaces, size, "namespaces %s %s\n", pid, ipc);
}

// One server for each DIR. The kernel frees the lock when we die, in whatever way. The queues stay,
// so keys and ids are written into it for whoever starts next; clients look there, too.
static FILE *take_lock(void)
{
    int fd = open(SPC_LOCK_FILE, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
    FILE *lock = fd == -1 ? NULL : fdopen(fd, "r+");
    if (lock == NULL || flock(fd, LOCK_EX | LOCK_NB) == -1)
        fail("lock " SPC_LOCK_FILE " (does another server run here?)");
    char line[120], file[120], namespaces[120], ipc[40];
    struct msqid_ds queue;
    unsigned key;
    bool same_file = false, same_ipc = false;
    describe(fd, file, namespaces, sizeof file);
    // The id may have gone to another program since; then the key is another.
    for (int id; fgets(line, sizeof line, lock) != NULL;) {
        same_file |= strcmp(line, file) == 0;
        same_ipc |= sscanf(line, "namespaces %*s %39s", ipc) == 1 && strstr(namespaces, ipc);
        if (same_file && same_ipc && sscanf(line, "queue %x id %d", &key, &id) == 2 &&
            msgctl(id, IPC_STAT, &queue) == 0 && (unsigned)queue.msg_perm.__key == key)
            msgctl(id, IPC_RMID, NULL);
    }
    rewind(lock);
    if (ftruncate(fd, 0) == -1 ||
        fprintf(lock, "%d c-server\n%s%s", (int)getpid(), file, namespaces) < 0)
        fail("write " SPC_LOCK_FILE);
    return lock;
}

// IPC_EXCL, because ftok has 16 bits of the inode only: the key may be another program's. A kill
// between the two calls leaves a queue that only ipcrm(1) removes.
static int make_queue(int project, FILE *lock)
{
    key_t key = ftok(SPC_KEY_FILE, project);
    int id = key == -1 ? -1 : msgget(key, IPC_CREAT | IPC_EXCL | 0600);
    if (id == -1)
        fail("make a message queue");
    if (fprintf(lock, "queue 0x%08x id %d\n", (unsigned)key, id) < 0 || fflush(lock) == EOF)
        fail("write " SPC_LOCK_FILE);
    return id;
}

// Decides a request, in the protocol's order of checks; returns the row that has to be written.
static struct spc_spectacle *decide(const struct request_message *asked, ssize_t size,
                                    struct spc_reply *reply)
{
    const struct spc_request *request = &asked->request;
    long place = request->kind == SPC_KIND_RESERVE ? SPC_TYPE_RESERVE : SPC_TYPE_CONSULT;
    *reply = (struct spc_reply){.nonce = request->nonce, .server = getpid()};
    memcpy(reply->magic, SPC_MAGIC, sizeof reply->magic);
    reply->status = SPC_STATUS_BAD_REQUEST;
    if (memcmp(request->magic, SPC_MAGIC, sizeof request->magic) || size != SPC_REQUEST_SIZE ||
        request->kind < SPC_KIND_LIST || request->kind > SPC_KIND_RESERVE || request->reserved ||
        asked->mtype != place)
        return NULL;
    reply->status = SPC_STATUS_OK;
    if (request->kind == SPC_KIND_LIST) {
        reply->count = SPC_ROWS;
        memcpy(reply->rows, table, sizeof table);
        return NULL;
    }
    reply->show = request->show;
    struct spc_spectacle *row = table;
    while (row < table + SPC_ROWS && (row->id == 0 || row->id != request->show))
        row++;
    bool reserve = request->kind == SPC_KIND_RESERVE;
    if (row == table + SPC_ROWS)
        reply->status = SPC_STATUS_UNKNOWN_SHOW;
    else if (reserve && request->seats <= 0)
        reply->status = SPC_STATUS_BAD_SEATS;
    else if (reserve && request->seats > row->seats)
        reply->status = SPC_STATUS_NOT_ENOUGH_SEATS;
    else if (reserve)
        row->seats -= request->seats;
    if (reply->status == SPC_STATUS_OK || reply->status == SPC_STATUS_NOT_ENOUGH_SEATS)
        reply->seats = row->seats;
    return reserve && reply->status == SPC_STATUS_OK ? row : NULL;
}

// Never waits for a client to read. What is in the way is the oldest reply, most likely that of a
// client that is dead or does not read.
static void send_reply(int client, const struct spc_reply *reply)
{
    struct reply_message message = {.mtype = client, .reply = *reply}, oldest;
    size_t size = SPC_REPLY_SIZE + (size_t)reply->count * sizeof reply->rows[0];
    while (msgsnd(replies, &message, size, IPC_NOWAIT) == -1)
        if (errno == EAGAIN)
            msgrcv(replies, &oldest, sizeof oldest.reply, 0, IPC_NOWAIT | MSG_NOERROR);
        else if (errno != EINTR)
            fail("send a reply");
}

// Answers until the request queue is gone; returns whether that is how it ended.
static bool serve(void)
{
    struct spc_reply reply;
    for (;;) {
        // What a short message leaves out is 0.
        struct request_message asked = {0};
        ssize_t size = msgrcv(requests, &asked, SPC_REQUEST_SIZE + 1, 0, MSG_NOERROR);
        if (size == -1 && errno != EINTR)
            return atomic_load(&stopping);
        // Nobody can be answered: a reservation of nobody's sells nothing.
        if (size == -1 || asked.request.client <= 0)
            continue;
        const struct spc_spectacle *row = decide(&asked, size, &reply);
        off_t offset = row == NULL ? 0 : (const char *)&row->seats - (const char *)table;
        bool failed = row != NULL && !write_durably(&row->seats, sizeof row->seats, offset);
        if (failed) {
            reply.status = SPC_STATUS_UNAVAILABLE;
            reply.seats = 0;
        }
        send_reply(asked.request.client, &reply);
        // Nobody knows now what is on disk, and a second sync would answer 0 all the same.
        if (failed)
            return false;
    }
}

// Without its queue the loop ends. A flag that a handler sets would be seen too late by a loop that
// was just about to wait.
static void *wait_for_the_stop(void *signals)
{
    int signal;
    sigwait(signals, &signal);
    atomic_store(&stopping, true);
    msgctl(requests, IPC_RMID, NULL);
    return NULL;
}

int main(int argc, char **argv)
{
    const char *dir = argc == 3 && strcmp(argv[1], "--dir") == 0 ? argv[2] : "run";
    pthread_t waiter;
    sigset_t signals;
    if (argc != 1 && dir != argv[2]) {
        fputs("usage: server [--dir DIR]\n", stderr);
        return 2;
    }
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    if ((mkdir(dir, 0700) == -1 && errno != EEXIST) || chdir(dir) == -1)
        fail("enter the directory");
    FILE *lock = take_lock();
    open_data_file();
    // Made once and never removed: another file could have another inode, and so another key.
    if (open(SPC_KEY_FILE, O_RDWR | O_CREAT | O_NOFOLLOW, 0600) == -1)
        fail("open " SPC_KEY_FILE);
    requests = make_queue(SPC_REQUEST_QUEUE, lock);
    replies = make_queue(SPC_REPLY_QUEUE, lock);
    if ((errno = pthread_create(&waiter, NULL, wait_for_the_stop, &signals)) != 0)
        fail("start a thread");
    printf("ready c-server %s\n", dir);
    fflush(stdout);

    bool well = serve();
    // Removing the replies at once would destroy acknowledgements that nobody has read yet.
    struct msqid_ds queue;
    for (int n = 0; n < 50 && msgctl(replies, IPC_STAT, &queue) == 0 && queue.msg_qnum > 0; n++)
        usleep(10 * 1000);
    remove_queues();
    if (!well)
        fputs("server: a write has failed, or somebody has removed the queues\n", stderr);
    return well ? 0 : 2;
}
