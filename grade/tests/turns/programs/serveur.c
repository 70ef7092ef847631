/* Serveur : une file de messages, clef fixe. */
#include <signal.h>

#include "commun.h"

static int file;
static int places[NB_SPECTACLES] = {4000, 3000, 2000};

static void fin(int signal) {
    (void)signal;
    msgctl(file, IPC_RMID, NULL);
    _exit(0);
}

static void traiter(struct requete *requete) {
    struct reponse reponse = {requete->pid, 0, 0, requete->action, requete->spectacle};
    int n = requete->spectacle - 1;
    if (n >= 0 && n < NB_SPECTACLES) {
        reponse.ok = requete->action != RESERVER || places[n] >= requete->places;
        if (requete->action == RESERVER && reponse.ok)
            places[n] -= requete->places;
        reponse.places = places[n];
    }
    msgsnd(file, &reponse, sizeof reponse - sizeof(long), 0);
}

int main(void) {
    struct requete requete;
#ifdef DEMON
    if (daemon(1, 1) == -1)
        exit(1);
#endif
#ifdef LENT
    sleep(1); /* avant la creation de la file */
#endif
    signal(SIGINT, fin);
    file = msgget(CLE, IPC_CREAT | 0666);
    if (file == -1) {
        perror("msgget");
        exit(1);
    }
#ifdef BAVARD
    printf("serveur en ecoute\n");
#endif
    for (;;) {
#ifdef SCRUTE
        if (msgrcv(file, &requete, sizeof requete - sizeof(long), 1, IPC_NOWAIT) == -1) {
            usleep(20000);
            continue;
        }
#else
        if (msgrcv(file, &requete, sizeof requete - sizeof(long), 1, 0) == -1)
            exit(2);
#endif
        traiter(&requete);
    }
}
