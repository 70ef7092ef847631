/* Question 3, le client : pour chaque question, une file à soi. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "caisse.h"

static const char *const titres[NB_FILMS] = {"Playtime", "Jour de fête", "Trafic", "Parade"};

static void fermee(const char *quoi)
{
    fprintf(stderr, "%s : %s\nLa caisse est fermée.\n", quoi, strerror(errno));
    exit(1);
}

static struct reponse demander(const char *nom, int32_t film, int32_t places)
{
    struct demande d = {getpid(), film, places};
    struct reponse r;
    struct mq_attr attr = {.mq_maxmsg = 1, .mq_msgsize = sizeof r};
    char moi[40];
    snprintf(moi, sizeof moi, FILE_REPONSE, (int)getpid());
    mqd_t vers = mq_open(nom, O_WRONLY);
    if (vers == (mqd_t)-1)
        fermee(nom);
    mq_unlink(moi);
    mqd_t depuis = mq_open(moi, O_CREAT | O_EXCL | O_RDONLY, 0600, &attr);
    if (depuis == (mqd_t)-1)
        fermee(moi);
    if (mq_send(vers, (const char *)&d, sizeof d, 0) == -1)
        fermee("mq_send");
    while (mq_receive(depuis, (char *)&r, sizeof r, NULL) == -1)
        if (errno != EINTR)
            fermee("mq_receive");
    mq_close(depuis);
    mq_close(vers);
    return r;
}

static char *saisir(const char *invite)
{
    static char *ligne;
    static size_t taille;
    fputs(invite, stdout);
    fflush(stdout);
    ssize_t n = getline(&ligne, &taille, stdin);
    if (n == -1) {
        putchar('\n');
        exit(0);
    }
    if (ligne[n - 1] == '\n')
        ligne[n - 1] = '\0';
    return ligne;
}

/* Un nombre entre 0 et un million, sinon -1. */
static int32_t saisir_nombre(const char *invite)
{
    char *texte = saisir(invite), *fin;
    errno = 0;
    long n = strtol(texte, &fin, 10);
    if (*texte == '\0' || *fin != '\0' || errno != 0 || n < 0 || n > 1000000)
        return -1;
    return (int32_t)n;
}

static void consulter(void)
{
    int32_t film = saisir_nombre("Film n° ? ") - 1;
    if (film < 0) {
        printf("Film inconnu\n");
        return;
    }
    struct reponse r = demander(FILE_CONSULTATION, film, 0);
    if (r.code != ACCORDE)
        printf("Film inconnu\n");
    else if (r.libres[0] == 0)
        printf("La salle est pleine\n");
    else
        printf("Encore %d fauteuils\n", r.libres[0]);
}

static void reserver(void)
{
    int32_t film = saisir_nombre("Film n° ? ") - 1;
    int32_t places = saisir_nombre("Fauteuils ? ");
    if (film < 0 || places < 0) {
        printf("Impossible, saisie incorrecte\n");
        return;
    }
    struct reponse r = demander(FILE_RESERVATION, film, places);
    if (r.code == ACCORDE)
        printf("C'est fait, reste %d\n", r.libres[0]);
    else if (r.code == COMPLET)
        printf("Impossible, reste %d\n", r.libres[0]);
    else
        printf("Impossible, film ou nombre incorrect\n");
}

int main(void)
{
    for (;;) {
        struct reponse r = demander(FILE_CONSULTATION, LISTE, 0);
        printf("\n== Au cinéma ==\n");
        for (int i = 0; i < NB_FILMS; i++)
            printf("%d | %-14s | %3d\n", i + 1, titres[i], r.libres[i]);
        int choix = saisir("(c)onsulter, (r)éserver, (f)in : ")[0];
        if (choix == 'c')
            consulter();
        else if (choix == 'r')
            reserver();
        else if (choix == 'f')
            return 0;
    }
}
