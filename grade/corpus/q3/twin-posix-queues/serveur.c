/* Question 3, le serveur : un processus, deux threads, une file de messages POSIX pour chacun.
 * La table est une variable globale, gardée par un sémaphore. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "caisse.h"

static int32_t libres[NB_FILMS] = {110, 45, 80, 16};
static sem_t mutex;

static void attendre(void)
{
    while (sem_wait(&mutex) == -1 && errno == EINTR)
        ;
}

static void consulter(const struct demande *d, struct reponse *r)
{
    attendre();
    if (d->film == LISTE)
        memcpy(r->libres, libres, sizeof libres);
    else if (d->film >= 0 && d->film < NB_FILMS)
        r->libres[0] = libres[d->film];
    else
        r->code = INCONNU;
    sem_post(&mutex);
}

static void reserver(const struct demande *d, struct reponse *r)
{
    if (d->film < 0 || d->film >= NB_FILMS) {
        r->code = INCONNU;
        return;
    }
    attendre();
    if (d->places <= 0)
        r->code = MAUVAIS_NOMBRE;
    else if (d->places > libres[d->film])
        r->code = COMPLET;
    else
        libres[d->film] -= d->places;
    r->libres[0] = libres[d->film];
    sem_post(&mutex);
}

/* Le client a créé sa file avant de demander. Son nom ne sert qu'une fois : on l'efface. */
static void repondre(int32_t pid, const struct reponse *r)
{
    char nom[40];
    snprintf(nom, sizeof nom, FILE_REPONSE, (int)pid);
    mqd_t file = mq_open(nom, O_WRONLY | O_NONBLOCK);
    if (file == (mqd_t)-1)
        return; /* il est parti */
    mq_unlink(nom);
    if (mq_send(file, (const char *)r, sizeof *r, 0) == -1)
        perror("mq_send");
    mq_close(file);
}

struct guichet {
    const char *nom;
    void (*traiter)(const struct demande *, struct reponse *);
    mqd_t file;
    pthread_t thread;
};

static void *servir(void *arg)
{
    const struct guichet *g = arg;
    struct demande d;
    for (;;) {
        ssize_t lu = mq_receive(g->file, (char *)&d, sizeof d, NULL);
        if (lu != (ssize_t)sizeof d || d.pid <= 0)
            continue;
        struct reponse r = {0};
        g->traiter(&d, &r);
        repondre(d.pid, &r);
    }
    return NULL;
}

static int ouvrir(struct guichet *g)
{
    struct mq_attr attr = {.mq_maxmsg = 10, .mq_msgsize = sizeof(struct demande)};
    mq_unlink(g->nom); /* d'un serveur tué */
    g->file = mq_open(g->nom, O_CREAT | O_EXCL | O_RDONLY, 0600, &attr);
    if (g->file == (mqd_t)-1 || pthread_create(&g->thread, NULL, servir, g) != 0) {
        perror(g->nom);
        return -1;
    }
    return 0;
}

int main(void)
{
    struct guichet guichets[2] = {
        {.nom = FILE_CONSULTATION, .traiter = consulter},
        {.nom = FILE_RESERVATION, .traiter = reserver},
    };
    sigset_t fin;
    int recu, code = 1;
    sigemptyset(&fin);
    sigaddset(&fin, SIGINT);
    sigaddset(&fin, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &fin, NULL);
    sem_init(&mutex, 0, 1);

    if (ouvrir(&guichets[0]) == 0 && ouvrir(&guichets[1]) == 0) {
        printf("Caisse ouverte\n");
        fflush(stdout);
        sigwait(&fin, &recu);
        code = 0;
    }
    mq_unlink(FILE_CONSULTATION);
    mq_unlink(FILE_RESERVATION);
    printf("Caisse fermée\n");
    return code; /* les threads finissent avec le processus */
}
