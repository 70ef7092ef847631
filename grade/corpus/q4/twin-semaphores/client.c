/* Question 4, le client. Sa file de réponses est privée ; il la supprime en partant. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stade.h"

static int demandes = -1, reponses = -1;

static void partir(int code)
{
    if (reponses != -1)
        msgctl(reponses, IPC_RMID, NULL);
    _exit(code);
}

static void sur_signal(int s)
{
    (void)s;
    partir(0);
}

static void adieu(const char *pourquoi)
{
    printf("%s\n", pourquoi);
    fflush(stdout);
    partir(1);
}

static Reponse demander(long type, int match, int places)
{
    Demande d = {type, reponses, match, places};
    Reponse r;
    while (msgsnd(demandes, &d, TAILLE(d), 0) == -1)
        if (errno != EINTR)
            adieu("La billetterie est fermée.");
    while (msgrcv(reponses, &r, TAILLE(r), 1, 0) == -1)
        if (errno != EINTR)
            adieu("Ma file a disparu.");
    return r;
}

/* scanf() saute les lignes vides. Ce qui n'est pas un nombre vaut -1. */
static int nombre(const char *question)
{
    int n, c;
    printf("%s", question);
    fflush(stdout);
    int lus = scanf("%9d", &n);
    if (lus == EOF) {
        printf("\n");
        fflush(stdout);
        partir(0);
    }
    while ((c = getchar()) != '\n' && c != EOF)
        if (c != ' ')
            lus = 0; /* 12abc, ou plus de neuf chiffres */
    return lus == 1 ? n : -1;
}

static void affiche(void)
{
    printf("Matchs de la semaine :\n");
    for (int m = 1; m <= NB_MATCHS; m++) {
        Reponse r = demander(VOIR, m, 0);
        printf("  [%d] %s (%d)\n", m, r.nom, r.places);
    }
}

int main(void)
{
    struct sigaction fin = {.sa_handler = sur_signal};
    sigaction(SIGINT, &fin, NULL);
    sigaction(SIGTERM, &fin, NULL);
    sigaction(SIGHUP, &fin, NULL);
    demandes = msgget(ftok(FICHIER_CLE, PROJET), 0);
    if (demandes == -1)
        adieu("La billetterie est fermée.");
    reponses = msgget(IPC_PRIVATE, 0600);
    if (reponses == -1)
        adieu("Pas de file pour moi.");
    affiche();
    for (;;) {
        int choix = nombre("1 voir, 2 prendre, 3 quitter : ");
        if (choix == 3) {
            printf("Bon match.\n");
            fflush(stdout);
            partir(0);
        }
        if (choix != 1 && choix != 2)
            continue;
        int match = nombre("Match : ");
        int places = choix == 2 ? nombre("Places : ") : 0;
        Reponse r = demander(choix == 1 ? VOIR : PRENDRE, match, places);
        if (r.verdict == PAS_DE_MATCH)
            printf("Non, ce match n'existe pas.\n");
        else if (r.verdict == PAS_UN_NOMBRE)
            printf("Non, il faut au moins une place.\n");
        else if (r.verdict == PLUS_ASSEZ)
            printf("Non, il n'y a plus que %d places.\n", r.places);
        else if (choix == 1)
            printf("%s : %d places\n", r.nom, r.places);
        else
            printf("D'accord, à bientôt au stade.\n");
    }
}
