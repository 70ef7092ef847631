/* Client de la question 2. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <time.h>
#include <unistd.h>

#include "msg.h"

static int file;
static unsigned cachet;

static void echec(const char *quoi)
{
    perror(quoi);
    exit(1);
}

/* Lit un entier au clavier. Retourne 0 si ce n'en est pas un ; quitte en fin de fichier. */
static int lire_entier(const char *texte, int *n)
{
    long v;
    int ok, c;
    printf("%s", texte);
    fflush(stdout);
    ok = scanf("%ld", &v);
    if (ok == EOF) {
        printf("\n");
        exit(0);
    }
    while ((c = getchar()) != '\n' && c != EOF)
        ; /* le reste de la ligne */
    if (ok != 1 || v > 1000000 || v < -1000000) {
        printf("Saisie incorrecte\n");
        return 0;
    }
    *n = (int)v;
    return 1;
}

static Reponse demander(long type, int spec, int nb)
{
    Demande d = {type, getpid(), ++cachet, spec, nb};
    Reponse r;
    while (msgsnd(file, &d, LG(d), 0) == -1)
        if (errno != EINTR)
            echec("msgsnd");
    /* Une réponse avec un autre cachet était pour un vieux client du même PID. */
    do {
        while (msgrcv(file, &r, LG(r), T_REPONSE(getpid()), MSG_NOERROR) == -1)
            if (errno != EINTR)
                echec("msgrcv");
    } while (r.cachet != cachet);
    return r;
}

static void liste(void)
{
    printf("\n==== PROGRAMME ====\n");
    for (int i = 0; i < NB_SPEC; i++) {
        Reponse r = demander(T_LISTE, i, 0);
        printf("[%d] %s : %d places libres\n", i, r.nom, r.places);
    }
}

static void un_spectacle(void)
{
    int spec;
    if (!lire_entier("Spectacle : ", &spec))
        return;
    Reponse r = demander(T_LISTE, spec, 0);
    if (r.statut == ST_OK)
        printf("%s : encore %d places\n", r.nom, r.places);
    else
        printf("Spectacle inexistant\n");
}

static void reservation(void)
{
    int spec, nb;
    if (!lire_entier("Spectacle : ", &spec) || !lire_entier("Places : ", &nb))
        return;
    Reponse r = demander(T_RESA, spec, nb);
    if (r.statut == ST_OK)
        printf("Réservation OK, il reste %d places\n", r.places);
    else if (r.statut == ST_NOK)
        printf("Réservation NOK, il reste %d places\n", r.places);
    else
        printf("Réservation NOK, spectacle inexistant\n");
}

int main(void)
{
    struct timespec t;
    file = msgget(CLE_FILE, 0);
    if (file == -1) {
        fprintf(stderr, "Le serveur n'est pas lancé\n");
        return 1;
    }
    clock_gettime(CLOCK_REALTIME, &t);
    cachet = (unsigned)t.tv_nsec ^ (unsigned)t.tv_sec;
    for (;;) {
        int choix;
        printf("\n1) Liste des spectacles\n2) Places d'un spectacle\n3) Réserver\n0) Quitter\n");
        if (!lire_entier("? ", &choix))
            continue;
        if (choix == 0)
            return 0;
        if (choix == 1)
            liste();
        else if (choix == 2)
            un_spectacle();
        else if (choix == 3)
            reservation();
        else
            printf("Saisie incorrecte\n");
    }
}
