/* Le menu, commun aux clients qui attendent chaque reponse. */
#include "commun.h"

static const char *noms[NB_SPECTACLES] = {"Hamlet", "Phèdre", "Tartuffe"};
static int file;

/* Chaque client lit les nombres a sa maniere. */
static int lire(const char *invite);

static struct reponse demander(int action, int spectacle, int places) {
    struct requete requete = {1, getpid(), action, spectacle, places};
    struct reponse reponse = {0, 0, 0, 0, 0};
    msgsnd(file, &requete, sizeof requete - sizeof(long), 0);
    msgrcv(file, &reponse, sizeof reponse - sizeof(long), getpid(), 0);
    return reponse;
}

static void consulter(void) {
    struct reponse reponse = demander(CONSULTER, lire("Numero du spectacle : "), 0);
    if (!reponse.ok)
        printf("Spectacle inconnu\n");
    else
        printf("Il reste %d places\n", reponse.places);
}

static void reserver(void) {
    int spectacle = lire("Numero du spectacle : ");
    int places = lire("Nombre de places : ");
    if (demander(RESERVER, spectacle, places).ok)
        printf("Réservation \033[32mconfirmée\033[0m\n");
    else
        printf("Réservation impossible\n");
}

static void lister(void) {
    for (int n = 1; n <= NB_SPECTACLES; n++)
        printf("[%d] %s : %d places\n", n, noms[n - 1], demander(CONSULTER, n, 0).places);
}

/* Une action ; 0 pour quitter. */
static int menu(void) {
    printf("\n1. Consulter\n2. Reserver\n3. Liste\n0. Quitter\n");
    int choix = lire("Votre choix : ");
    switch (choix) {
    case 0:
        break;
    case 1:
        consulter();
        break;
    case 2:
        reserver();
        break;
    case 3:
        lister();
        break;
    default:
        printf("Choix inconnu\n");
    }
    return choix;
}

static void ouvrir(void) {
    file = msgget(CLE, 0666);
    if (file == -1) {
        perror("msgget");
        exit(1);
    }
}
