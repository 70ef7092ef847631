/* Client : une boucle poll sur le clavier ; la file est regardee a chaque tour. */
#include <poll.h>

#include "commun.h"

static int file, nombres[3], lus, attendues;

static void envoyer(int quoi, int spectacle, int places) {
    struct requete requete = {1, getpid(), quoi, spectacle, places};
    msgsnd(file, &requete, sizeof requete - sizeof(long), 0);
    attendues++;
}

static void menu(void) {
    printf("1. Consulter 2. Reserver 3. Liste 0. Quitter\n");
    fflush(stdout);
}

/* Une ligne du clavier : avec les precedentes, c'est peut-etre une demande. */
static void ligne(void) {
    char texte[64] = "";
    if (read(0, texte, sizeof texte - 1) <= 0)
        exit(0);
    nombres[lus++] = atoi(texte);
    int action = nombres[0];
    if (action == 0)
        exit(0);
    if (action == 1 && lus == 2)
        envoyer(CONSULTER, nombres[1], 0);
    else if (action == 2 && lus == 3)
        envoyer(RESERVER, nombres[1], nombres[2]);
    else if (action == 3)
        for (int n = 1; n <= NB_SPECTACLES; n++)
            envoyer(LISTER, n, 0);
    else if (action == 1 || action == 2)
        return;
    else
        printf("Choix inconnu\n");
    lus = 0;
    if (attendues == 0)
        menu();
}

static void recevoir(void) {
    struct reponse reponse;
    while (msgrcv(file, &reponse, sizeof reponse - sizeof(long), getpid(), IPC_NOWAIT) != -1) {
        attendues--;
        if (reponse.action == LISTER)
            printf("[%d] spectacle : %d places\n", reponse.spectacle, reponse.places);
        else if (reponse.action == CONSULTER)
            printf("Il reste %d places\n", reponse.places);
        else
            printf(reponse.ok ? "Réservation confirmée\n" : "Réservation impossible\n");
        if (attendues == 0)
            menu();
    }
}

int main(void) {
    struct pollfd clavier = {0, POLLIN, 0};
    file = msgget(CLE, 0666);
    if (file == -1)
        return 1;
    menu();
    for (;;) {
        if (poll(&clavier, 1, 30) == 1)
            ligne();
        recevoir();
    }
}
