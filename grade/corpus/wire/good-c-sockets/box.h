// What travels, as the course's protocol has it, and the table.

#include <stdbool.h>
#include <stdint.h>

enum { ROWS = 10, HEAD = 32 };
enum { LIST = 1, VIEW, RESERVE };
enum { OK, UNKNOWN_SHOW, NOT_ENOUGH, BAD_SEATS, BAD_REQUEST, UNAVAILABLE = 6 };

struct show { int32_t id; char title[50], date[11], pad[3]; int32_t seats; };
struct request { char magic[4]; int32_t client; uint64_t nonce; int32_t kind, show, seats, zero; };
struct reply {
    char magic[4];
    int32_t status;
    uint64_t nonce;
    int32_t show, seats, server, count;
    struct show rows[ROWS];
};

void fail(const char *what);

// Enters the directory, and reads the table; ends the program if another server runs there.
void open_table(const char *dir);

// Decides a request; false: the table cannot be written any more.
bool decide(const struct request *request, struct reply *reply);
