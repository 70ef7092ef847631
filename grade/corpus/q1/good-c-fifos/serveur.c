/* Question 1, le serveur : un père et deux fils. Chaque fils lit son tube nommé.
 * La table est dans une mémoire partagée, gardée par un sémaphore. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "salle.h"

struct table {
    sem_t verrou;
    int32_t places[NB_SPECTACLES];
};

static struct table *table;

static void prendre(void)
{
    while (sem_wait(&table->verrou) == -1 && errno == EINTR)
        ;
}

static int connu(int32_t spectacle)
{
    return spectacle >= 1 && spectacle <= NB_SPECTACLES;
}

static void consulter(const struct demande *d, struct reponse *r)
{
    if (!connu(d->spectacle)) {
        r->code = INCONNU;
        return;
    }
    prendre();
    r->reste = table->places[d->spectacle - 1];
    sem_post(&table->verrou);
}

static void reserver(const struct demande *d, struct reponse *r)
{
    if (!connu(d->spectacle)) {
        r->code = INCONNU;
        return;
    }
    if (d->places <= 0) {
        r->code = NOMBRE_INVALIDE;
        return;
    }
    prendre();
    int32_t *reste = &table->places[d->spectacle - 1];
    if (*reste < d->places)
        r->code = PAS_ASSEZ;
    else
        *reste -= d->places;
    r->reste = *reste;
    sem_post(&table->verrou);
}

/* Le client a ouvert son tube avant de demander. S'il est mort, personne ne lit :
 * open() répond ENXIO, et on passe au suivant. */
static void repondre(pid_t client, const struct reponse *r)
{
    char nom[64];
    snprintf(nom, sizeof nom, TUBE_REPONSE, (long)client);
    int tube = open(nom, O_WRONLY | O_NONBLOCK);
    unlink(nom);
    if (tube == -1)
        return;
    if (write(tube, r, sizeof *r) != (ssize_t)sizeof *r)
        fprintf(stderr, "[serveur] le client %ld ne lit pas\n", (long)client);
    close(tube);
}

static void fils(const char *nom, void (*traiter)(const struct demande *, struct reponse *))
{
    /* En lecture et écriture : ainsi le tube n'est jamais fermé, même sans client. */
    int tube = open(nom, O_RDWR);
    if (tube == -1) {
        perror(nom);
        _exit(1);
    }
    for (;;) {
        struct demande d;
        ssize_t lu = read(tube, &d, sizeof d);
        if (lu == -1 && errno == EINTR)
            continue;
        if (lu == -1) {
            perror("read");
            _exit(1);
        }
        if (lu != (ssize_t)sizeof d || d.client <= 0)
            continue;
        struct reponse r = {.jeton = d.jeton, .code = OUI, .reste = 0};
        traiter(&d, &r);
        printf("[%s] client %ld, spectacle %d, places %d : code %d, reste %d\n", nom,
               (long)d.client, d.spectacle, d.places, r.code, r.reste);
        fflush(stdout);
        repondre(d.client, &r);
    }
}

static pid_t lancer(const char *nom, void (*traiter)(const struct demande *, struct reponse *),
                    const sigset_t *avant)
{
    pid_t pere = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != pere)
            _exit(1);
        sigprocmask(SIG_SETMASK, avant, NULL);
        fils(nom, traiter);
    }
    return pid;
}

static void effacer_les_tubes(void)
{
    glob_t trouves;
    unlink(TUBE_CONSULTATION);
    unlink(TUBE_RESERVATION);
    if (glob("reponse.*.fifo", 0, NULL, &trouves) == 0) {
        for (size_t i = 0; i < trouves.gl_pathc; i++)
            unlink(trouves.gl_pathv[i]);
        globfree(&trouves);
    }
}

int main(void)
{
    static const int32_t au_depart[NB_SPECTACLES] = {120, 80, 45, 60, 200, 8};

    table = mmap(NULL, sizeof *table, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (table == MAP_FAILED || sem_init(&table->verrou, 1, 1) == -1) {
        perror("table");
        return 1;
    }
    for (int i = 0; i < NB_SPECTACLES; i++)
        table->places[i] = au_depart[i];

    signal(SIGPIPE, SIG_IGN);
    sigset_t attendus, avant;
    sigemptyset(&attendus);
    sigaddset(&attendus, SIGINT);
    sigaddset(&attendus, SIGTERM);
    sigaddset(&attendus, SIGCHLD);
    /* La mort d'un fils nous intéresse, pas qu'on le suspende. */
    sigaction(SIGCHLD, &(struct sigaction){.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDSTOP}, NULL);
    sigprocmask(SIG_BLOCK, &attendus, &avant);

    effacer_les_tubes(); /* restes d'un serveur tué */
    if (mkfifo(TUBE_CONSULTATION, 0600) == -1 || mkfifo(TUBE_RESERVATION, 0600) == -1) {
        perror("mkfifo");
        return 1;
    }
    pid_t consultation = lancer(TUBE_CONSULTATION, consulter, &avant);
    pid_t reservation = lancer(TUBE_RESERVATION, reserver, &avant);
    if (consultation == -1 || reservation == -1)
        perror("fork");
    else {
        printf("[serveur] ouvert\n");
        fflush(stdout);
        int recu;
        sigwait(&attendus, &recu);
        printf("[serveur] signal %d : on ferme\n", recu);
    }
    if (consultation > 0)
        kill(consultation, SIGKILL);
    if (reservation > 0)
        kill(reservation, SIGKILL);
    while (wait(NULL) > 0)
        ;
    effacer_les_tubes();
    return 0;
}
