/* Client : calcule et dort avant chaque question. */
#include "client.h"

static int lire(const char *invite) {
    char ligne[64] = "";
    volatile double somme = 0;
    for (int n = 1; n < 2000000; n++)
        somme += 1.0 / n;
    usleep(300000);
    printf("%s", invite);
    if (fgets(ligne, sizeof ligne, stdin) == NULL)
        exit(0);
    return atoi(ligne);
}

int main(void) {
    ouvrir();
    while (menu() != 0)
        ;
    return 0;
}
