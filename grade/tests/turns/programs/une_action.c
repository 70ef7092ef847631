/* Client : finit apres une action. */
#include "client.h"

static int lire(const char *invite) {
    char ligne[64] = "";
    printf("%s", invite);
    if (fgets(ligne, sizeof ligne, stdin) == NULL)
        exit(0);
    return atoi(ligne);
}

int main(void) {
    ouvrir();
    menu();
    return 0;
}
