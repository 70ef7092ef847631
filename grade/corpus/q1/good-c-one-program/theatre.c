/* Question 1 en un seul programme. Le père tient le menu ; deux fils sont le serveur :
 * l'un répond aux consultations, l'autre aux réservations, chacun par deux tubes anonymes.
 * La table est partagée par mmap() ; le mutex aussi. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define N 4

static const char *const noms[N] = {"La Mouette", "Oncle Vania", "Les Trois Sœurs", "La Cerisaie"};

struct partage {
    pthread_mutex_t mutex;
    int places[N];
};

struct question {
    int spectacle; /* de 0 à N-1 */
    int places;
};

struct reponse {
    bool ok;
    int restantes; /* -1 : pas de tel spectacle */
};

struct service { /* un fils, vu du père */
    pid_t pid;
    int vers, depuis;
};

static struct partage *partage;

/* Lit exactement n octets ; false à la fin du tube. */
static bool lire(int fd, void *ou, size_t n)
{
    char *p = ou;
    while (n > 0) {
        ssize_t lu = read(fd, p, n);
        if (lu == -1 && errno == EINTR)
            continue;
        if (lu <= 0)
            return false;
        p += lu;
        n -= (size_t)lu;
    }
    return true;
}

static struct reponse consultation(struct question q)
{
    struct reponse r = {false, -1};
    if (q.spectacle < 0 || q.spectacle >= N)
        return r;
    pthread_mutex_lock(&partage->mutex);
    r.restantes = partage->places[q.spectacle];
    pthread_mutex_unlock(&partage->mutex);
    r.ok = true;
    return r;
}

static struct reponse reservation(struct question q)
{
    struct reponse r = {false, -1};
    if (q.spectacle < 0 || q.spectacle >= N)
        return r;
    pthread_mutex_lock(&partage->mutex);
    if (q.places > 0 && q.places <= partage->places[q.spectacle]) {
        partage->places[q.spectacle] -= q.places;
        r.ok = true;
    }
    r.restantes = partage->places[q.spectacle];
    pthread_mutex_unlock(&partage->mutex);
    return r;
}

/* Le fils répond jusqu'à la fin du tube : le père a fermé, ou n'est plus. */
static void servir(int depuis, int vers, struct reponse (*traiter)(struct question))
{
    struct question q;
    signal(SIGINT, SIG_IGN); /* Ctrl-C s'adresse au père */
    while (lire(depuis, &q, sizeof q)) {
        struct reponse r = traiter(q);
        if (write(vers, &r, sizeof r) != (ssize_t)sizeof r)
            break;
    }
    _exit(0);
}

static struct service demarrer(struct reponse (*traiter)(struct question),
                               const struct service *autre)
{
    int aller[2], retour[2];
    struct service s;
    if (pipe(aller) == -1 || pipe(retour) == -1 || (s.pid = fork()) == -1) {
        perror("demarrer");
        exit(1);
    }
    if (s.pid == 0) {
        close(aller[1]);
        close(retour[0]);
        if (autre) { /* sinon l'autre fils ne verrait jamais la fin de son tube */
            close(autre->vers);
            close(autre->depuis);
        }
        servir(aller[0], retour[1], traiter);
    }
    close(aller[0]);
    close(retour[1]);
    s.vers = aller[1];
    s.depuis = retour[0];
    return s;
}

static bool demander(const struct service *s, struct question q, struct reponse *r)
{
    if (write(s->vers, &q, sizeof q) == (ssize_t)sizeof q && lire(s->depuis, r, sizeof *r))
        return true;
    fprintf(stderr, "Un fils du serveur est mort.\n");
    return false;
}

/* Sur un signal d'arrêt, fgets() échoue, maintenant (pas de SA_RESTART) ou la fois suivante. */
static void arreter(int signal_recu)
{
    (void)signal_recu;
    close(STDIN_FILENO);
}

static bool saisir(const char *question, char *texte, int taille)
{
    printf("%s", question);
    fflush(stdout);
    if (!fgets(texte, taille, stdin))
        return false;
    if (!strchr(texte, '\n'))
        for (int c = getchar(); c != '\n' && c != EOF; c = getchar())
            ;
    return true;
}

/* Tout ce qui n'est pas un int compte pour -1, que le serveur refuse. */
static bool saisir_entier(const char *question, int *n)
{
    char texte[40], *fin;
    if (!saisir(question, texte, sizeof texte))
        return false;
    errno = 0;
    long v = strtol(texte, &fin, 10);
    bool bon = fin != texte && (*fin == '\n' || *fin == '\0') && errno == 0;
    *n = bon && v >= INT_MIN && v <= INT_MAX ? (int)v : -1;
    return true;
}

static bool menu(const struct service *consulter, const struct service *reserver)
{
    char choix[8];
    struct question q = {-1, 0};
    struct reponse r;
    printf("\nA l'affiche :\n");
    for (int i = 0; i < N; i++)
        printf("  spectacle %d : %s\n", i + 1, noms[i]);
    if (!saisir("[C]onsulter, [R]eserver, [S]ortir : ", choix, sizeof choix) || choix[0] == 'S')
        return false;
    if (choix[0] != 'C' && choix[0] != 'R')
        return true;
    if (!saisir_entier("  spectacle numero ? ", &q.spectacle))
        return false;
    q.spectacle = q.spectacle > 0 ? q.spectacle - 1 : -1;
    if (choix[0] == 'R' && !saisir_entier("  combien de places ? ", &q.places))
        return false;
    if (!demander(choix[0] == 'C' ? consulter : reserver, q, &r))
        return false;
    if (r.restantes == -1)
        printf("  Non : pas de tel spectacle.\n");
    else if (choix[0] == 'C')
        printf("  %d places a vendre.\n", r.restantes);
    else if (r.ok)
        printf("  Oui : places reservees, reste %d.\n", r.restantes);
    else
        printf("  Non : reste %d.\n", r.restantes);
    return true;
}

int main(void)
{
    static const int debut[N] = {90, 60, 110, 35};
    pthread_mutexattr_t attr;

    partage = mmap(NULL, sizeof *partage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                   0);
    if (partage == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    memcpy(partage->places, debut, sizeof debut);
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&partage->mutex, &attr);

    struct service consulter = demarrer(consultation, NULL);
    struct service reserver = demarrer(reservation, &consulter);
    struct sigaction sa = {.sa_handler = arreter};
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
    signal(SIGPIPE, SIG_IGN);

    while (menu(&consulter, &reserver))
        ;
    close(consulter.vers);
    close(reserver.vers);
    while (wait(NULL) > 0)
        ;
    printf("\nFermeture.\n");
    return 0;
}
