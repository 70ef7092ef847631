/* Question 5 : serveur TCP, un thread détaché par connexion. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "reseau.h"

static struct {
    const char *nom;
    int32_t restantes;
} spectacles[NB] = {
    {"Carmen", 150}, {"La Traviata", 90}, {"Tosca", 64},
    {"Aida", 40},    {"Faust", 12},       {"Orphée aux Enfers", 300},
};
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static int envoyer_table(int fd)
{
    Ligne lignes[NB];
    memset(lignes, 0, sizeof lignes);
    pthread_mutex_lock(&mutex);
    for (int i = 0; i < NB; i++) {
        lignes[i].numero = htonl(i + 1);
        lignes[i].restantes = htonl(spectacles[i].restantes);
        strncpy(lignes[i].nom, spectacles[i].nom, LG_NOM - 1);
    }
    pthread_mutex_unlock(&mutex);
    return ecrire_tout(fd, lignes, sizeof lignes);
}

static Reponse decider(int32_t quoi, int32_t numero, int32_t places)
{
    Reponse r = {D_ACCORD, 0};
    if (numero < 1 || numero > NB) {
        r.verdict = INCONNU;
        return r;
    }
    pthread_mutex_lock(&mutex);
    int32_t *restantes = &spectacles[numero - 1].restantes;
    if (quoi == RESERVER) {
        if (places <= 0)
            r.verdict = INVALIDE;
        else if (places > *restantes)
            r.verdict = PAS_ASSEZ;
        else
            *restantes -= places;
    }
    r.restantes = *restantes;
    pthread_mutex_unlock(&mutex);
    return r;
}

static void *servir(void *arg)
{
    int fd = (int)(intptr_t)arg;
    Question q;
    while (lire_tout(fd, &q, sizeof q) == 0) {
        int32_t quoi = ntohl(q.quoi), numero = ntohl(q.numero), places = ntohl(q.places);
        if (quoi == VOIR) {
            if (envoyer_table(fd) == -1)
                break;
            continue;
        }
        if (quoi != CONSULTER && quoi != RESERVER)
            break;
        Reponse r = decider(quoi, numero, places);
        if (quoi == RESERVER)
            printf("réservation : spectacle %d, %d places, verdict %d\n", numero, places,
                   r.verdict);
        r.verdict = htonl(r.verdict);
        r.restantes = htonl(r.restantes);
        if (ecrire_tout(fd, &r, sizeof r) == -1)
            break;
    }
    close(fd);
    return NULL;
}

static void *accepter(void *arg)
{
    int ecoute = (int)(intptr_t)arg;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, 128 * 1024);
    for (;;) {
        pthread_t t;
        int fd = accept(ecoute, NULL, NULL);
        if (fd == -1) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
                usleep(20000); /* trop de clients : on attend que certains partent */
            continue;
        }
        /* Un client débranché ne garde pas son thread pour toujours. */
        setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &(int){1}, sizeof(int));
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){5, 0}, sizeof(struct timeval));
        if (pthread_create(&t, &attr, servir, (void *)(intptr_t)fd) != 0)
            close(fd);
    }
    return NULL;
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    /* Les threads héritent du masque : seul main reçoit les signaux d'arrêt. */
    sigset_t arret;
    sigemptyset(&arret);
    sigaddset(&arret, SIGINT);
    sigaddset(&arret, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &arret, NULL);

    int ecoute = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(ecoute, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    struct sockaddr_in moi = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    moi.sin_addr.s_addr = htonl(INADDR_ANY); /* toutes les machines */
    if (ecoute == -1 || bind(ecoute, (struct sockaddr *)&moi, sizeof moi) == -1 ||
        listen(ecoute, 64) == -1) {
        perror("serveur");
        return EXIT_FAILURE;
    }
    pthread_t t;
    if (pthread_create(&t, NULL, accepter, (void *)(intptr_t)ecoute) != 0) {
        fprintf(stderr, "pas de thread\n");
        return EXIT_FAILURE;
    }
    printf("En écoute sur le port %d\n", PORT);
    int signal_recu;
    sigwait(&arret, &signal_recu);
    printf("Arrêt\n");
    return EXIT_SUCCESS; /* la fin du processus ferme toutes les sockets */
}
