/* Client : lit octet par octet, avec read, et ecrit avec write. */
#include "client.h"

static int lire(const char *invite) {
    char ligne[64], octet;
    size_t n = 0;
    fflush(stdout);
    write(1, invite, strlen(invite));
    while (read(0, &octet, 1) == 1 && octet != '\n')
        if (n < sizeof ligne - 1)
            ligne[n++] = octet;
    ligne[n] = 0;
    return atoi(ligne);
}

int main(void) {
    ouvrir();
    while (menu() != 0)
        ;
    return 0;
}
