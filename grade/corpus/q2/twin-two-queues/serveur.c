/* Question 2, le serveur : un père, un fils par type de demande, deux files de messages.
 * Les places sont dans une mémoire partagée POSIX, gardée par un sémaphore nommé. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "theatre.h"

#define NOM_TABLE "/theatre_table"
#define NOM_VERROU "/theatre_verrou"

static const int32_t au_debut[NB_PIECES] = {140, 70, 25, 90, 6};

static int demandes = -1, reponses = -1;
static int32_t *places;
static sem_t *verrou;

static void entrer(void)
{
    while (sem_wait(verrou) == -1 && errno == EINTR)
        ;
}

static void sortir(void)
{
    sem_post(verrou);
}

static void consulter(const struct demande *d, struct reponse *r)
{
    if (d->piece < 1 || d->piece > NB_PIECES) {
        r->code = ABSENTE;
        return;
    }
    entrer();
    r->reste = places[d->piece - 1];
    sortir();
}

static void reserver(const struct demande *d, struct reponse *r)
{
    if (d->piece < 1 || d->piece > NB_PIECES) {
        r->code = ABSENTE;
        return;
    }
    if (d->places < 1) {
        r->code = INVALIDE;
        return;
    }
    entrer();
    if (d->places > places[d->piece - 1])
        r->code = TROP;
    else
        places[d->piece - 1] -= d->places;
    r->reste = places[d->piece - 1];
    sortir();
}

/* Le fils traite un type de demande, jusqu'à ce que la file soit supprimée. */
static void travailler(long type, void (*traiter)(const struct demande *, struct reponse *))
{
    struct demande d;
    for (;;) {
        ssize_t n = msgrcv(demandes, &d, CORPS(d), type, MSG_NOERROR);
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            exit(0);
        if (n != (ssize_t)CORPS(d) || d.pid <= 0)
            continue;
        struct reponse r = {.type = d.pid, .numero = d.numero, .code = FAIT};
        traiter(&d, &r);
        /* Un client mort ne lit plus rien : on n'attend jamais de la place pour lui. */
        if (msgsnd(reponses, &r, CORPS(r), IPC_NOWAIT) == -1)
            fprintf(stderr, "client %d : %s\n", (int)d.pid, strerror(errno));
    }
}

static pid_t engager(long type, void (*traiter)(const struct demande *, struct reponse *))
{
    pid_t pid = fork();
    if (pid == 0) {
        sigset_t aucun;
        signal(SIGINT, SIG_IGN);
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        sigemptyset(&aucun);
        sigprocmask(SIG_SETMASK, &aucun, NULL);
        travailler(type, traiter);
    }
    return pid;
}

static int nouvelle_file(int projet)
{
    int ancienne = msgget(cle(projet), 0);
    if (ancienne != -1)
        msgctl(ancienne, IPC_RMID, NULL); /* d'un serveur qu'on a tué */
    return msgget(cle(projet), IPC_CREAT | IPC_EXCL | 0600);
}

/* Les noms ne servent qu'ici : les fils héritent de ce qui est ouvert. */
static int preparer_table(void)
{
    shm_unlink(NOM_TABLE);
    sem_unlink(NOM_VERROU);
    int fd = shm_open(NOM_TABLE, O_CREAT | O_EXCL | O_RDWR, 0600);
    verrou = sem_open(NOM_VERROU, O_CREAT | O_EXCL, 0600, 1);
    if (fd == -1 || verrou == SEM_FAILED || ftruncate(fd, sizeof au_debut) == -1)
        return -1;
    places = mmap(NULL, sizeof au_debut, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    shm_unlink(NOM_TABLE);
    sem_unlink(NOM_VERROU);
    if (places == MAP_FAILED)
        return -1;
    memcpy(places, au_debut, sizeof au_debut);
    return 0;
}

int main(void)
{
    sigset_t fin;
    int code = 1, recu;
    sigemptyset(&fin);
    sigaddset(&fin, SIGINT);
    sigaddset(&fin, SIGTERM);
    sigprocmask(SIG_BLOCK, &fin, NULL);

    demandes = nouvelle_file('D');
    reponses = nouvelle_file('R');
    if (demandes == -1 || reponses == -1 || preparer_table() == -1)
        perror("serveur");
    else if (engager(CONSULTATION, consulter) == -1 || engager(RESERVATION, reserver) == -1)
        perror("fork");
    else {
        printf("Le théâtre est ouvert.\n");
        fflush(stdout);
        sigwait(&fin, &recu);
        printf("Le théâtre ferme.\n");
        code = 0;
    }
    if (demandes != -1)
        msgctl(demandes, IPC_RMID, NULL); /* c'est le signal de départ des fils */
    while (wait(NULL) != -1)
        ;
    if (reponses != -1)
        msgctl(reponses, IPC_RMID, NULL);
    return code;
}
