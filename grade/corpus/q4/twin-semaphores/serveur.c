/* Question 4, le serveur : le thread principal reçoit, un thread détaché par demande répond.
 * La table est restée dans un segment System V, comme à la question 2. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <unistd.h>

#include "stade.h"

typedef struct {
    sem_t libre;
    int places[NB_MATCHS];
} Table;

static const char *const noms[NB_MATCHS] = {
    "Lens - Lille", "Nantes - Rennes", "Brest - Lorient", "Nice - Monaco", "Metz - Nancy",
};
static const int depart[NB_MATCHS] = {95, 160, 40, 12, 77};

static Table *table;
static int file;

static void P(void)
{
    while (sem_wait(&table->libre) == -1 && errno == EINTR)
        ;
}

static void V(void)
{
    sem_post(&table->libre);
}

static void decider(const Demande *d, Reponse *r)
{
    if (d->match < 1 || d->match > NB_MATCHS) {
        r->verdict = PAS_DE_MATCH;
        return;
    }
    int *places = &table->places[d->match - 1];
    P();
    if (d->type == PRENDRE) {
        if (d->places <= 0)
            r->verdict = PAS_UN_NOMBRE;
        else if (*places < d->places)
            r->verdict = PLUS_ASSEZ;
        else
            *places -= d->places;
    }
    r->places = *places;
    V();
    strcpy(r->nom, noms[d->match - 1]);
}

static void *traiter(void *arg)
{
    Demande d = *(Demande *)arg;
    Reponse r;
    free(arg);
    memset(&r, 0, sizeof r);
    r.type = 1;
    decider(&d, &r);
    /* EINVAL, EIDRM : le client est parti avec sa file. EAGAIN : il ne lit pas. */
    if (msgsnd(d.file, &r, TAILLE(r), IPC_NOWAIT) == -1)
        fprintf(stderr, "file %d : %s\n", d.file, strerror(errno));
    return NULL;
}

static void *recevoir(void *rien)
{
    pthread_attr_t attr;
    (void)rien;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    for (;;) {
        Demande d;
        pthread_t t;
        ssize_t n = msgrcv(file, &d, TAILLE(d), -PRENDRE, MSG_NOERROR);
        if (n == -1 && errno != EINTR)
            return NULL; /* la file a été supprimée */
        if (n != (ssize_t)TAILLE(d))
            continue;
        Demande *copie = malloc(sizeof d); /* une par thread, qui la libère */
        if (!copie)
            continue;
        *copie = d;
        if (pthread_create(&t, &attr, traiter, copie) != 0)
            traiter(copie);
    }
}

static int preparer(void)
{
    int shm = shmget(IPC_PRIVATE, sizeof *table, 0600);
    key_t cle = ftok(FICHIER_CLE, PROJET);
    if (shm == -1 || cle == -1)
        return -1;
    table = shmat(shm, NULL, 0);
    shmctl(shm, IPC_RMID, NULL); /* disparaît avec le processus */
    if (table == (void *)-1)
        return -1;
    memcpy(table->places, depart, sizeof depart);
    sem_init(&table->libre, 1, 1);
    if ((file = msgget(cle, 0)) != -1)
        msgctl(file, IPC_RMID, NULL);
    file = msgget(cle, IPC_CREAT | IPC_EXCL | 0600);
    return file == -1 ? -1 : 0;
}

int main(void)
{
    sigset_t fin;
    pthread_t t;
    int recu;
    sigemptyset(&fin);
    sigaddset(&fin, SIGINT);
    sigaddset(&fin, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &fin, NULL);

    if (preparer() == -1) {
        perror("serveur");
        return 1;
    }
    if (pthread_create(&t, NULL, recevoir, NULL) == 0) {
        printf("Billetterie du stade ouverte\n");
        fflush(stdout);
        sigwait(&fin, &recu);
    }
    msgctl(file, IPC_RMID, NULL);
    pthread_join(t, NULL);
    printf("Billetterie du stade fermée\n");
    return 0;
}
