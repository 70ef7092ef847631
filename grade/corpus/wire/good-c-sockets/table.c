// The table: in memory, and in DIR/spectacles.dat.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "box.h"

static struct show table[ROWS];
static int data = -1;

void fail(const char *what)
{
    fprintf(stderr, "server: cannot %s: %s\n", what, strerror(errno));
    exit(2);
}

void open_table(const char *dir)
{
    static const struct show sample[ROWS] = {
        {.id = 1, .title = "Cyrano de Bergerac", .date = "08/01/2027", .seats = 200},
        {.id = 2, .title = "Le Cid", .date = "09/01/2027", .seats = 80},
    };
    if ((mkdir(dir, 0700) == -1 && errno != EEXIST) || chdir(dir) == -1)
        fail("enter the directory");
    int lock = open("lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock == -1 || flock(lock, LOCK_EX | LOCK_NB) == -1)
        fail("lock the directory: another server runs here");
    bool is_new = access("spectacles.dat", F_OK) == -1;
    data = open("spectacles.dat", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (data == -1 || (!is_new && pread(data, table, sizeof table, 0) != sizeof table))
        fail("read spectacles.dat");
    if (is_new)
        memcpy(table, sample, sizeof table);
    if (pwrite(data, table, sizeof table, 0) != sizeof table || fdatasync(data) == -1)
        fail("write spectacles.dat");
}

// The new count is on disk when this returns true.
static bool save(const struct show *row)
{
    off_t at = (const char *)&row->seats - (const char *)table;
    if (pwrite(data, &row->seats, sizeof row->seats, at) != (ssize_t)sizeof row->seats)
        return false;
    return fdatasync(data) == 0;
}

bool decide(const struct request *r, struct reply *reply)
{
    *reply = (struct reply){.status = BAD_REQUEST, .nonce = r->nonce};
    if (r->kind < LIST || r->kind > RESERVE || r->zero != 0 || r->client <= 0)
        return true;
    struct show *row = NULL;
    for (int i = 0; i < ROWS; i++)
        if (table[i].id != 0 && table[i].id == r->show)
            row = &table[i];
    reply->show = r->kind == LIST ? 0 : r->show;
    if (r->kind == LIST) {
        reply->status = OK;
        reply->count = ROWS;
        memcpy(reply->rows, table, sizeof table);
    } else if (row == NULL)
        reply->status = UNKNOWN_SHOW;
    else if (r->kind == VIEW)
        reply->status = OK;
    else if (r->seats <= 0)
        reply->status = BAD_SEATS;
    else if (r->seats > row->seats)
        reply->status = NOT_ENOUGH;
    else {
        row->seats -= r->seats;
        reply->status = OK;
        if (!save(row)) {
            fprintf(stderr, "server: cannot write the table: %s\n", strerror(errno));
            reply->status = UNAVAILABLE;
        }
    }
    if (row != NULL && r->kind != LIST && (reply->status == OK || reply->status == NOT_ENOUGH))
        reply->seats = row->seats;
    return reply->status != UNAVAILABLE;
}
