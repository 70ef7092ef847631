/* Client : un processus fils tient le menu, son pere l'attend. */
#include "client.h"
#include <sys/wait.h>

static int lire(const char *invite) {
    char ligne[64] = "";
    printf("%s", invite);
    if (fgets(ligne, sizeof ligne, stdin) == NULL)
        exit(0);
    return atoi(ligne);
}

int main(void) {
    ouvrir();
    if (fork() == 0) {
        while (menu() != 0)
            ;
        exit(0);
    }
    wait(NULL);
    return 0;
}
