/* Client : scanf, dont le resultat n'est pas verifie : a la fin de l'entree il tourne. */
#include "client.h"

static int lire(const char *invite) {
    static int nombre = -1;
    printf("%s", invite);
    scanf("%d", &nombre);
    return nombre;
}

int main(void) {
    ouvrir();
    while (menu() != 0)
        ;
    return 0;
}
