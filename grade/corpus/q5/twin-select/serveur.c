/* Question 5, le serveur : un seul processus, qui attend tous ses clients dans select(). */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocole.h"

struct client {
    int fd; /* -1 : place libre */
    int lus;
    char ligne[LG_LIGNE];
};

static int places[] = {130, 65, 20, 240};
static struct client clients[FD_SETSIZE];
static volatile sig_atomic_t fini;

static void arret(int s)
{
    (void)s;
    fini = 1;
}

static void repondre(const char *demande, char *reponse)
{
    int n, voulues, fin = 0;
    if (strcmp(demande, "LISTE") == 0) {
        int k = sprintf(reponse, "LISTE");
        for (int i = 0; i < NB_CONCERTS; i++)
            k += sprintf(reponse + k, " %d:%d", i + 1, places[i]);
    } else if (sscanf(demande, "CONSULTER %9d%n", &n, &fin) == 1 && demande[fin] == '\0') {
        if (n < 1 || n > NB_CONCERTS)
            strcpy(reponse, "ERREUR concert inconnu");
        else
            sprintf(reponse, "PLACES %d %d", n, places[n - 1]);
    } else if (sscanf(demande, "RESERVER %9d %9d%n", &n, &voulues, &fin) == 2 &&
               demande[fin] == '\0') {
        if (n < 1 || n > NB_CONCERTS)
            strcpy(reponse, "ERREUR concert inconnu");
        else if (voulues < 1)
            strcpy(reponse, "ERREUR il faut au moins une place");
        else if (voulues > places[n - 1])
            sprintf(reponse, "REFUS %d", places[n - 1]);
        else {
            places[n - 1] -= voulues;
            sprintf(reponse, "OK %d", places[n - 1]);
        }
    } else
        strcpy(reponse, "ERREUR demande incomprise");
    strcat(reponse, "\n");
}

static void renvoyer(struct client *c)
{
    close(c->fd);
    c->fd = -1;
}

/* Prend ce qui est là, répond à chaque ligne entière. */
static void lire(struct client *c)
{
    char reponse[LG_LIGNE];
    ssize_t n = recv(c->fd, c->ligne + c->lus, sizeof c->ligne - 1 - (size_t)c->lus, MSG_DONTWAIT);
    if (n == -1 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        renvoyer(c);
        return;
    }
    c->lus += (int)n;
    c->ligne[c->lus] = '\0';
    char *debut = c->ligne, *fin;
    while ((fin = strchr(debut, '\n'))) {
        *fin = '\0';
        repondre(debut, reponse);
        printf("client %d : %s -> %s", c->fd, debut, reponse);
        size_t taille = strlen(reponse);
        /* Celui qui ne lit pas ses réponses n'arrête pas les autres. */
        if (send(c->fd, reponse, taille, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)taille) {
            renvoyer(c);
            return;
        }
        debut = fin + 1;
    }
    c->lus = (int)strlen(debut);
    memmove(c->ligne, debut, (size_t)c->lus + 1);
    if (c->lus == LG_LIGNE - 1)
        renvoyer(c);
}

static void accueillir(int ecoute)
{
    int fd = accept(ecoute, NULL, NULL);
    if (fd == -1)
        return;
    if (fd >= FD_SETSIZE) {
        close(fd);
        return;
    }
    clients[fd].fd = fd;
    clients[fd].lus = 0;
}

int main(void)
{
    struct sockaddr_in ici = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    struct sigaction action = {.sa_handler = arret};
    sigset_t bloques, avant;
    setlinebuf(stdout);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigemptyset(&bloques);
    sigaddset(&bloques, SIGINT);
    sigaddset(&bloques, SIGTERM);
    sigprocmask(SIG_BLOCK, &bloques, &avant); /* seul pselect() les laisse passer */

    for (int i = 0; i < FD_SETSIZE; i++)
        clients[i].fd = -1;
    int ecoute = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(ecoute, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (ecoute == -1 || bind(ecoute, (struct sockaddr *)&ici, sizeof ici) == -1 ||
        listen(ecoute, 32) == -1) {
        perror("serveur");
        return 1;
    }
    printf("prêt, port %d\n", PORT);
    while (!fini) {
        fd_set lecture;
        int max = ecoute;
        FD_ZERO(&lecture);
        FD_SET(ecoute, &lecture);
        for (int i = 0; i < FD_SETSIZE; i++)
            if (clients[i].fd != -1) {
                FD_SET(i, &lecture);
                max = i > max ? i : max;
            }
        if (pselect(max + 1, &lecture, NULL, NULL, NULL, &avant) == -1)
            continue; /* EINTR : on regarde si c'est la fin */
        for (int i = 0; i <= max; i++)
            if (i != ecoute && FD_ISSET(i, &lecture))
                lire(&clients[i]);
        if (FD_ISSET(ecoute, &lecture))
            accueillir(ecoute);
    }
    printf("fini\n");
    return 0;
}
