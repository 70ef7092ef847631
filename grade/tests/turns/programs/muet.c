/* Client : attend une reponse d'un type que personne n'envoie. */
#include "commun.h"

int main(void) {
    struct reponse reponse;
    int file = msgget(CLE, 0666), choix;
    printf("Votre choix : ");
    scanf("%d", &choix);
    printf("Réservation confirmée\n");
    msgrcv(file, &reponse, sizeof reponse - sizeof(long), 424242, 0);
    return 0;
}
