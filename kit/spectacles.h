// The box office's protocol, version 1: what a client or a server in C needs besides
// docs/PROTOCOL.md, which says what the bytes mean.
//
// Made from the Rust types by the tests, which also compare: do not edit it, but run
// `UPDATE=1 cargo test -p tests --test c_door`. C11 or later, C++11 or later.

#ifndef SPECTACLES_H
#define SPECTACLES_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

// All integers travel in little-endian order. A machine of this order sends these structures as
// they are in memory; another one has to turn the bytes of every integer (see endian(3)), and to
// remove this line.
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "turn the bytes of every integer");

// First four bytes of every request and reply: memcmp(reply.magic, SPC_MAGIC, 4) == 0.
#define SPC_MAGIC "SPC1"

// Bytes of a request.
#define SPC_REQUEST_SIZE 32

// Bytes of a reply without its rows.
#define SPC_REPLY_SIZE 32

// Bytes of the largest reply, the one to LIST.
#define SPC_REPLY_MAX 752

// Bytes of a table and of the data file: 10 rows and nothing else.
#define SPC_TABLE_SIZE 720

// Rows of a table, empty ones included.
#define SPC_ROWS 10

// Bytes of a title, its final NUL included.
#define SPC_TITLE_SIZE 50

// Bytes of a date, its final NUL included.
#define SPC_DATE_SIZE 11

// What a request asks for.
enum spc_kind {
    // The whole table, as one snapshot.
    SPC_KIND_LIST = 1,
    // The seats left on one show.
    SPC_KIND_VIEW = 2,
    // Some seats of one show.
    SPC_KIND_RESERVE = 3,
};

// What became of a request.
enum spc_status {
    // Done; a reservation is on disk.
    SPC_STATUS_OK = 0,
    // No show has that id.
    SPC_STATUS_UNKNOWN_SHOW = 1,
    // Fewer seats are left than were asked for.
    SPC_STATUS_NOT_ENOUGH_SEATS = 2,
    // Zero seats or less were asked for.
    SPC_STATUS_BAD_SEATS = 3,
    // Not a request, or one that came in at the wrong place.
    SPC_STATUS_BAD_REQUEST = 4,
    // The server has no room for this request now; nothing was done.
    SPC_STATUS_BUSY = 5,
    // The server is stopping or cannot write; nothing is promised.
    SPC_STATUS_UNAVAILABLE = 6,
    // Ask the port in `show` instead.
    SPC_STATUS_REDIRECT = 7,
};

// A show: a row of the table, of a LIST reply and of the data file.
struct spc_spectacle {
    // The number by which clients name the show, from 1; 0 = empty row.
    int32_t id;
    // UTF-8, NUL-terminated, NUL-padded.
    uint8_t title[SPC_TITLE_SIZE];
    // `DD/MM/YYYY`, NUL-terminated.
    uint8_t date[SPC_DATE_SIZE];
    // Zero.
    uint8_t pad[3];
    // Seats left, never below 0.
    int32_t seats;
};

// What a client sends.
struct spc_request {
    // The four bytes of SPC_MAGIC.
    uint8_t magic[4];
    // Where the reply goes: the client's PID, or its thread id where one process runs several
    // clients.
    int32_t client;
    // Drawn by the client; the reply carries it back, and a client ignores any other.
    uint64_t nonce;
    // An enum spc_kind.
    int32_t kind;
    // Id of the show (VIEW, RESERVE).
    int32_t show;
    // Seats wanted (RESERVE).
    int32_t seats;
    // Zero.
    int32_t reserved;
};

// What the server sends back: 32 bytes, then `count` rows.
struct spc_reply {
    // The four bytes of SPC_MAGIC.
    uint8_t magic[4];
    // An enum spc_status.
    int32_t status;
    // The request's.
    uint64_t nonce;
    // The request's (VIEW, RESERVE); with REDIRECT, the TCP port to ask.
    int32_t show;
    // Seats left on that show after the decision, with the statuses OK and NOT_ENOUGH_SEATS.
    int32_t seats;
    // PID of the process that answered.
    int32_t server;
    // Rows that follow: 10 for LIST with status OK, else 0.
    int32_t count;
    // Only the first `count` of them travel.
    struct spc_spectacle rows[SPC_ROWS];
};

// In DIR, the server's directory: the data file, and who serves there.
#define SPC_DATA_FILE "spectacles.dat"
#define SPC_LOCK_FILE "lock"

// q1: the FIFO in DIR for LIST and VIEW, that for RESERVE, and that of a client, which is made of
// the field `client` by printf(3).
#define SPC_CONSULT_FIFO "consult.fifo"
#define SPC_RESERVE_FIFO "reserve.fifo"
#define SPC_REPLY_FIFO "reply.%d.fifo"

// q2, q3, q4: the file in DIR that gives the keys, and the two project numbers for ftok(3).
#define SPC_KEY_FILE "queue.key"
#define SPC_REQUEST_QUEUE 'Q'
#define SPC_REPLY_QUEUE 'R'

// The type of a request in its queue, for LIST and VIEW, and for RESERVE. A reply's type is the
// request's field `client`.
#define SPC_TYPE_CONSULT 1
#define SPC_TYPE_RESERVE 2

// TCP, unless somebody says otherwise: the server of q5, the dispatcher of q6; TLS: q7's.
#define SPC_SOCKETS_PORT 5000
#define SPC_DISPATCHER_PORT 2222
#define SPC_TLS_PORT 5443

// The layout on which both sides rely. A compiler that lays it out otherwise stops here.
static_assert(sizeof(struct spc_spectacle) == 72, "spc_spectacle");
static_assert(offsetof(struct spc_spectacle, id) == 0, "spc_spectacle.id");
static_assert(offsetof(struct spc_spectacle, title) == 4, "spc_spectacle.title");
static_assert(offsetof(struct spc_spectacle, date) == 54, "spc_spectacle.date");
static_assert(offsetof(struct spc_spectacle, pad) == 65, "spc_spectacle.pad");
static_assert(offsetof(struct spc_spectacle, seats) == 68, "spc_spectacle.seats");
static_assert(sizeof(struct spc_request) == 32, "spc_request");
static_assert(offsetof(struct spc_request, magic) == 0, "spc_request.magic");
static_assert(offsetof(struct spc_request, client) == 4, "spc_request.client");
static_assert(offsetof(struct spc_request, nonce) == 8, "spc_request.nonce");
static_assert(offsetof(struct spc_request, kind) == 16, "spc_request.kind");
static_assert(offsetof(struct spc_request, show) == 20, "spc_request.show");
static_assert(offsetof(struct spc_request, seats) == 24, "spc_request.seats");
static_assert(offsetof(struct spc_request, reserved) == 28, "spc_request.reserved");
static_assert(sizeof(struct spc_reply) == 752, "spc_reply");
static_assert(offsetof(struct spc_reply, magic) == 0, "spc_reply.magic");
static_assert(offsetof(struct spc_reply, status) == 4, "spc_reply.status");
static_assert(offsetof(struct spc_reply, nonce) == 8, "spc_reply.nonce");
static_assert(offsetof(struct spc_reply, show) == 16, "spc_reply.show");
static_assert(offsetof(struct spc_reply, seats) == 20, "spc_reply.seats");
static_assert(offsetof(struct spc_reply, server) == 24, "spc_reply.server");
static_assert(offsetof(struct spc_reply, count) == 28, "spc_reply.count");
static_assert(offsetof(struct spc_reply, rows) == 32, "spc_reply.rows");

#endif // SPECTACLES_H
