/* Q3 - serveur à deux threads : l'un prend les consultations, l'autre les réservations. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "billetterie.h"

static struct ligne table[SPECTACLES] = {
    {1, 180, "Les Misérables"}, {2, 66, "Starmania"}, {3, 24, "Notre-Dame de Paris"},
    {4, 95, "Cabaret"},         {5, 48, "West Side Story"},
};
static pthread_mutex_t verrou_table = PTHREAD_MUTEX_INITIALIZER;

static int demandes, reponses; /* les deux files */

/* À qui on a répondu récemment, pour retrouver les réponses que des morts n'ont pas lues. */
#define RECENTS 512
static pid_t recents[RECENTS];
static unsigned prochain;
static pthread_mutex_t verrou_recents = PTHREAD_MUTEX_INITIALIZER;

static void purger(void)
{
    struct msg_reponse m;
    for (int i = 0; i < RECENTS; i++) {
        if (recents[i] == 0 || kill(recents[i], 0) == 0 || errno != ESRCH)
            continue;
        while (msgrcv(reponses, &m, sizeof m.r, recents[i], IPC_NOWAIT | MSG_NOERROR) != -1)
            ;
        recents[i] = 0;
    }
}

/* N'attend jamais : si la file reste pleine après le ménage, la réponse est perdue. */
static void repondre(pid_t pid, struct msg_reponse *m)
{
    size_t taille = offsetof(struct reponse, lignes) + (size_t)m->r.n * sizeof(struct ligne);
    m->type = pid;
    int fait = msgsnd(reponses, m, taille, IPC_NOWAIT);
    pthread_mutex_lock(&verrou_recents);
    if (fait == -1 && errno == EAGAIN) {
        purger();
        fait = msgsnd(reponses, m, taille, IPC_NOWAIT);
    }
    recents[prochain++ % RECENTS] = pid;
    pthread_mutex_unlock(&verrou_recents);
    if (fait == -1)
        printf("pas de réponse à %d : %s\n", (int)pid, strerror(errno));
}

/* false quand la file a été supprimée. */
static bool prendre(long type, struct msg_demande *m)
{
    for (;;) {
        ssize_t recu = msgrcv(demandes, m, sizeof m->d, type, MSG_NOERROR);
        if (recu == (ssize_t)sizeof m->d && m->d.pid > 0)
            return true;
        if (recu == -1 && errno != EINTR)
            return false;
    }
}

static struct ligne *chercher(int32_t id)
{
    for (int i = 0; i < SPECTACLES; i++)
        if (table[i].id == id)
            return &table[i];
    return NULL;
}

static void consulter(const struct demande *d, struct reponse *r)
{
    struct ligne *l = chercher(d->spectacle);
    pthread_mutex_lock(&verrou_table);
    if (d->spectacle == TOUS) {
        memcpy(r->lignes, table, sizeof table);
        r->n = SPECTACLES;
    } else if (l) {
        r->lignes[0] = *l;
        r->n = 1;
    } else
        r->issue = INCONNU;
    pthread_mutex_unlock(&verrou_table);
}

static void reserver(const struct demande *d, struct reponse *r)
{
    struct ligne *l = chercher(d->spectacle);
    if (!l) {
        r->issue = INCONNU;
        return;
    }
    pthread_mutex_lock(&verrou_table);
    if (d->places < 1)
        r->issue = INVALIDE;
    else if (l->libres < d->places)
        r->issue = COMPLET;
    else
        l->libres -= d->places;
    r->lignes[0] = *l;
    r->n = 1;
    pthread_mutex_unlock(&verrou_table);
}

/* Le corps des deux threads ; l'argument est le type qu'ils prennent. */
static void *servir(void *arg)
{
    struct msg_demande m;
    while (prendre((long)(intptr_t)arg, &m)) {
        struct msg_reponse rep;
        memset(&rep, 0, sizeof rep);
        rep.r.numero = m.d.numero;
        if (m.type == CONSULTER)
            consulter(&m.d, &rep.r);
        else
            reserver(&m.d, &rep.r);
        printf("type %ld, client %d, spectacle %d, %d place(s) : issue %d\n", m.type, m.d.pid,
               m.d.spectacle, m.d.places, rep.r.issue);
        repondre(m.d.pid, &rep);
    }
    return NULL;
}

static int nouvelle_file(char projet)
{
    int f = msgget(cle(projet), 0600);
    if (f != -1)
        msgctl(f, IPC_RMID, NULL); /* reste d'un arrêt brutal */
    f = msgget(cle(projet), IPC_CREAT | IPC_EXCL | 0600);
    if (f == -1)
        perror("msgget");
    return f;
}

int main(void)
{
    pthread_t c, r;
    sigset_t fin;
    int recu, code = 1;
    setvbuf(stdout, NULL, _IOLBF, 0);

    /* Bloqués avant pthread_create() : aucun thread n'est interrompu, main attend. */
    sigemptyset(&fin);
    sigaddset(&fin, SIGINT);
    sigaddset(&fin, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &fin, NULL);

    demandes = nouvelle_file('D');
    reponses = nouvelle_file('R');
    if (demandes != -1 && reponses != -1) {
        bool a = pthread_create(&c, NULL, servir, (void *)CONSULTER) == 0;
        bool b = pthread_create(&r, NULL, servir, (void *)RESERVER) == 0;
        if (a && b) {
            printf("Billetterie ouverte\n");
            sigwait(&fin, &recu);
            code = 0;
        }
        msgctl(demandes, IPC_RMID, NULL); /* les threads reçoivent EIDRM et rentrent */
        if (a)
            pthread_join(c, NULL);
        if (b)
            pthread_join(r, NULL);
    }
    if (demandes != -1 && code != 0)
        msgctl(demandes, IPC_RMID, NULL);
    if (reponses != -1)
        msgctl(reponses, IPC_RMID, NULL);
    printf("Billetterie fermée\n");
    return code;
}
