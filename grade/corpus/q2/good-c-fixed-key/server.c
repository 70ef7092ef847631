/* Serveur de la question 2 : deux fils lisent la même file de messages, chacun son type.
 * La table est dans un segment System V, protégée par un sémaphore System V. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include "msg.h"

typedef struct {
    char nom[TAILLE_NOM];
    int places;
} Spectacle;

static const Spectacle depart[NB_SPEC] = {
    {"Concert de Noel", 100}, {"Le Lac des cygnes", 75},  {"Stand-up : Lucie Carbone", 50},
    {"Match d'impro", 30},    {"La Flute enchantee", 160},
};

static int file = -1, sem = -1;
static Spectacle *table;

/* SEM_UNDO : si un fils meurt avec le sémaphore, le noyau le rend. */
static void P(void)
{
    struct sembuf op = {0, -1, SEM_UNDO};
    while (semop(sem, &op, 1) == -1)
        if (errno != EINTR)
            exit(1);
}

static void V(void)
{
    struct sembuf op = {0, 1, SEM_UNDO};
    while (semop(sem, &op, 1) == -1)
        if (errno != EINTR)
            exit(1);
}

/* Prend la prochaine demande de ce type ; le fils s'arrête quand la file n'existe plus. */
static Demande prendre(long type)
{
    Demande d;
    for (;;) {
        ssize_t n = msgrcv(file, &d, LG(d), type, MSG_NOERROR);
        if (n == (ssize_t)LG(d) && d.pid > 0)
            return d;
        if (n == -1 && errno != EINTR)
            exit(0);
    }
}

/* Sans attendre : une file pleine ne doit pas bloquer le serveur. */
static void envoyer(const Demande *d, Reponse *r)
{
    r->type = T_REPONSE(d->pid);
    r->cachet = d->cachet;
    if (msgsnd(file, r, LG(*r), IPC_NOWAIT) == -1)
        fprintf(stderr, "réponse perdue pour %d : %s\n", (int)d->pid, strerror(errno));
}

static void fils_liste(void)
{
    for (;;) {
        Demande d = prendre(T_LISTE);
        Reponse r;
        memset(&r, 0, sizeof r);
        if (d.spec < 0 || d.spec >= NB_SPEC)
            r.statut = ST_INEXISTANT;
        else {
            P();
            r.places = table[d.spec].places;
            V();
            r.statut = ST_OK;
            strcpy(r.nom, table[d.spec].nom);
        }
        envoyer(&d, &r);
    }
}

static void fils_resa(void)
{
    for (;;) {
        Demande d = prendre(T_RESA);
        Reponse r;
        memset(&r, 0, sizeof r);
        if (d.spec < 0 || d.spec >= NB_SPEC)
            r.statut = ST_INEXISTANT;
        else {
            P();
            if (d.nb > 0 && table[d.spec].places >= d.nb) {
                table[d.spec].places -= d.nb;
                r.statut = ST_OK;
            } else
                r.statut = ST_NOK;
            r.places = table[d.spec].places;
            V();
        }
        printf("[resa] %d demande %d places pour %d : %s\n", (int)d.pid, d.nb, d.spec,
               r.statut == ST_OK ? "oui" : "non");
        fflush(stdout);
        envoyer(&d, &r);
    }
}

static pid_t creer_fils(void (*f)(void))
{
    pid_t p = fork();
    if (p == -1) {
        perror("fork");
        return -1;
    }
    if (p == 0) {
        sigset_t rien;
        sigemptyset(&rien);
        signal(SIGINT, SIG_IGN); /* Ctrl-C : c'est le père qui arrête */
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        sigprocmask(SIG_SETMASK, &rien, NULL);
        f();
        exit(0);
    }
    return p;
}

static void nettoyer(void)
{
    if (file != -1)
        msgctl(file, IPC_RMID, NULL);
    if (sem != -1)
        semctl(sem, 0, IPC_RMID);
}

static int preparer(void)
{
    /* Un serveur tué a pu laisser sa file et son sémaphore. */
    if ((file = msgget(CLE_FILE, 0)) != -1)
        msgctl(file, IPC_RMID, NULL);
    if ((sem = semget(CLE_FILE, 0, 0)) != -1)
        semctl(sem, 0, IPC_RMID);
    file = msgget(CLE_FILE, IPC_CREAT | IPC_EXCL | 0600);
    sem = semget(CLE_FILE, 1, IPC_CREAT | IPC_EXCL | 0600);
    int shm = shmget(IPC_PRIVATE, sizeof depart, 0600);
    if (file == -1 || sem == -1 || shm == -1 || semctl(sem, 0, SETVAL, 1) == -1) {
        perror("objets IPC");
        if (shm != -1)
            shmctl(shm, IPC_RMID, NULL);
        return -1;
    }
    table = shmat(shm, NULL, 0);
    shmctl(shm, IPC_RMID, NULL); /* détruit quand le dernier se détache */
    if (table == (void *)-1) {
        perror("shmat");
        return -1;
    }
    memcpy(table, depart, sizeof depart);
    return 0;
}

int main(void)
{
    sigset_t arret;
    sigemptyset(&arret);
    sigaddset(&arret, SIGINT);
    sigaddset(&arret, SIGTERM);
    sigaddset(&arret, SIGCHLD);
    struct sigaction chld = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDSTOP};
    sigaction(SIGCHLD, &chld, NULL);
    sigprocmask(SIG_BLOCK, &arret, NULL);

    if (preparer() == -1) {
        nettoyer();
        return 1;
    }
    pid_t f1 = creer_fils(fils_liste);
    pid_t f2 = creer_fils(fils_resa);
    int s = 0;
    if (f1 > 0 && f2 > 0) {
        printf("Serveur prêt (file %d)\n", file);
        fflush(stdout);
        sigwait(&arret, &s);
    }
    printf("Fin du serveur\n");
    nettoyer(); /* réveille aussi les clients qui attendent */
    if (f1 > 0)
        kill(f1, SIGTERM);
    if (f2 > 0)
        kill(f2, SIGTERM);
    while (wait(NULL) != -1)
        ;
    return 0;
}
