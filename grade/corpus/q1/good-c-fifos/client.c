/* Question 1, le client : un menu, une question à la fois. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "salle.h"

/* Lit une ligne ; 0 à la fin des entrées. */
static int ligne(const char *question, char *texte, int taille)
{
    printf("%s", question);
    fflush(stdout);
    if (!fgets(texte, taille, stdin)) {
        putchar('\n');
        return 0;
    }
    if (!strchr(texte, '\n')) {
        int c;
        while ((c = getchar()) != '\n' && c != EOF)
            ;
    }
    texte[strcspn(texte, "\n")] = '\0';
    return 1;
}

/* 1 : un nombre ; 0 : autre chose ; -1 : fin des entrées. */
static int nombre(const char *question, int32_t *valeur)
{
    char texte[64], *fin;
    if (!ligne(question, texte, sizeof texte))
        return -1;
    errno = 0;
    long lu = strtol(texte, &fin, 10);
    if (fin == texte || *fin != '\0' || errno == ERANGE || lu > INT_MAX || lu < INT_MIN) {
        printf("Ce n'est pas un nombre convenable.\n");
        return 0;
    }
    *valeur = (int32_t)lu;
    return 1;
}

/* Envoie la demande et attend la réponse ; 0 si le serveur n'est pas là. */
static int demander(const char *guichet, struct demande *d, struct reponse *r)
{
    char nom[64];
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    d->client = getpid();
    d->jeton = (uint32_t)t.tv_nsec ^ ((uint32_t)t.tv_sec << 8) ^ (uint32_t)getpid();

    int vers = open(guichet, O_WRONLY | O_NONBLOCK); /* ENXIO : personne n'écoute */
    if (vers == -1) {
        printf("Le guichet est fermé (%s).\n", strerror(errno));
        return 0;
    }
    fcntl(vers, F_SETFL, O_WRONLY);
    snprintf(nom, sizeof nom, TUBE_REPONSE, (long)getpid());
    unlink(nom);
    int depuis = -1;
    if (mkfifo(nom, 0600) == 0)
        depuis = open(nom, O_RDWR);
    int fait = depuis != -1 && write(vers, d, sizeof *d) == (ssize_t)sizeof *d;
    while (fait) {
        ssize_t lu = read(depuis, r, sizeof *r);
        if (lu == -1 && errno == EINTR)
            continue;
        if (lu == (ssize_t)sizeof *r && r->jeton == d->jeton)
            break;
        fait = lu > 0;
    }
    if (!fait)
        printf("Pas de réponse du guichet.\n");
    if (depuis != -1)
        close(depuis);
    close(vers);
    unlink(nom);
    return fait;
}

static int consulter(void)
{
    struct demande d = {0};
    struct reponse r;
    int lu = nombre("Numéro du spectacle ? ", &d.spectacle);
    if (lu < 1)
        return lu;
    if (demander(TUBE_CONSULTATION, &d, &r)) {
        if (r.code == OUI)
            printf("Il reste %d place(s) pour %s.\n", r.reste, titres[d.spectacle - 1]);
        else
            printf("Ce spectacle n'existe pas.\n");
    }
    return 1;
}

static int reserver(void)
{
    struct demande d = {0};
    struct reponse r;
    int lu = nombre("Numéro du spectacle ? ", &d.spectacle);
    if (lu < 1)
        return lu;
    lu = nombre("Combien de places ? ", &d.places);
    if (lu < 1)
        return lu;
    if (!demander(TUBE_RESERVATION, &d, &r))
        return 1;
    switch (r.code) {
    case OUI:
        printf("C'est noté : %d place(s) pour %s.\n", d.places, titres[d.spectacle - 1]);
        break;
    case PAS_ASSEZ:
        printf("Impossible : plus que %d place(s).\n", r.reste);
        break;
    case INCONNU:
        printf("Impossible : ce spectacle n'existe pas.\n");
        break;
    default:
        printf("Impossible : demandez au moins une place.\n");
    }
    return 1;
}

int main(void)
{
    char choix[16];
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        printf("\n--- Théâtre du Lac ---\n");
        for (int i = 0; i < NB_SPECTACLES; i++)
            printf("%3d - %s\n", i + 1, titres[i]);
        if (!ligne("c : consulter, r : réserver, q : partir > ", choix, sizeof choix))
            break;
        int suite = 1;
        if (strcmp(choix, "c") == 0)
            suite = consulter();
        else if (strcmp(choix, "r") == 0)
            suite = reserver();
        else if (strcmp(choix, "q") == 0)
            break;
        else
            printf("Répondez par c, r ou q.\n");
        if (suite == -1)
            break;
    }
    printf("Au revoir.\n");
    return 0;
}
