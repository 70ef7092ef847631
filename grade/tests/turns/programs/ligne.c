/* Client : GNU readline. */
#include "client.h"
#include <readline/readline.h>

static int lire(const char *invite) {
    fflush(stdout);
    char *ligne = readline(invite);
    if (ligne == NULL)
        exit(0);
    int nombre = atoi(ligne);
    free(ligne);
    return nombre;
}

int main(void) {
    ouvrir();
    while (menu() != 0)
        ;
    return 0;
}
