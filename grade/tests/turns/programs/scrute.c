/* Client : regarde le clavier toutes les 5 ms, sans attendre. */
#include <fcntl.h>

#include "client.h"

static int lire(const char *invite) {
    char ligne[64] = "";
    printf("%s", invite);
    fflush(stdout);
    while (read(0, ligne, sizeof ligne - 1) <= 0)
        usleep(5000);
    return atoi(ligne);
}

int main(void) {
    ouvrir();
    fcntl(0, F_SETFL, O_NONBLOCK);
    while (menu() != 0)
        ;
    return 0;
}
