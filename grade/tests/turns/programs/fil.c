/* Client : un fil affiche les reponses, quand elles arrivent. */
#include <pthread.h>

#include "commun.h"

static int file;

static void *afficher(void *rien) {
    struct reponse reponse;
    (void)rien;
    while (msgrcv(file, &reponse, sizeof reponse - sizeof(long), getpid(), 0) != -1) {
        if (reponse.action == LISTER)
            printf("[%d] spectacle : %d places\n", reponse.spectacle, reponse.places);
        else if (reponse.action == CONSULTER)
            printf("Il reste %d places\n", reponse.places);
        else
            printf(reponse.ok ? "Réservation confirmée\n" : "Réservation impossible\n");
    }
    return NULL;
}

static void envoyer(int action, int spectacle, int places) {
    struct requete requete = {1, getpid(), action, spectacle, places};
    msgsnd(file, &requete, sizeof requete - sizeof(long), 0);
}

int main(void) {
    pthread_t fil;
    int choix, spectacle, places;
    file = msgget(CLE, 0666);
    if (file == -1)
        return 1;
    pthread_create(&fil, NULL, afficher, NULL);
    for (;;) {
        printf("1. Consulter 2. Reserver 3. Liste 0. Quitter\n");
        if (scanf("%d", &choix) != 1 || choix == 0)
            return 0;
        if (choix == 1 && scanf("%d", &spectacle) == 1)
            envoyer(CONSULTER, spectacle, 0);
        else if (choix == 2 && scanf("%d %d", &spectacle, &places) == 2)
            envoyer(RESERVER, spectacle, places);
        else if (choix == 3)
            for (int n = 1; n <= NB_SPECTACLES; n++)
                envoyer(LISTER, n, 0);
        else
            printf("Choix inconnu\n");
    }
}
