/* Question 5, le client. Usage : ./client [serveur] */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netdb.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocole.h"

static int connexion;
static FILE *entree;

static void perdu(void)
{
    printf("Le serveur ne répond plus.\n");
    exit(1);
}

/* Envoie une ligne, attend la réponse. */
static char *demander(const char *format, ...)
{
    static char ligne[LG_LIGNE];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(ligne, sizeof ligne, format, arguments);
    va_end(arguments);
    if (n >= LG_LIGNE || write(connexion, ligne, (size_t)n) != n)
        perdu();
    if (!fgets(ligne, sizeof ligne, entree))
        perdu();
    ligne[strcspn(ligne, "\n")] = '\0';
    return ligne;
}

static char *saisir(const char *invite)
{
    static char texte[64];
    printf("%s", invite);
    fflush(stdout);
    if (!fgets(texte, sizeof texte, stdin)) {
        printf("\n");
        exit(0);
    }
    if (!strchr(texte, '\n'))
        for (int c = getchar(); c != '\n' && c != EOF; c = getchar())
            ;
    texte[strcspn(texte, "\n")] = '\0';
    return texte;
}

/* Huit chiffres au plus, sinon -1. */
static int saisir_nombre(const char *invite)
{
    char *texte = saisir(invite);
    size_t n = strlen(texte);
    return n > 0 && n <= 8 && strspn(texte, "0123456789") == n ? atoi(texte) : -1;
}

static void afficher(void)
{
    int n, places;
    char *suite = demander("LISTE\n") + strlen("LISTE");
    for (int lus; sscanf(suite, " %d:%d%n", &n, &places, &lus) == 2; suite += lus)
        if (n >= 1 && n <= NB_CONCERTS)
            printf("%4d. %s, %d places\n", n, concerts[n - 1], places);
}

static void consulter(void)
{
    int n = saisir_nombre("Concert ? "), places;
    if (sscanf(demander("CONSULTER %d\n", n), "PLACES %*d %d", &places) == 1)
        printf("=> %d places disponibles\n", places);
    else
        printf("=> Concert inconnu\n");
}

static void reserver(void)
{
    int n = saisir_nombre("Concert ? ");
    int places = saisir_nombre("Places ? ");
    char *reponse = demander("RESERVER %d %d\n", n, places);
    if (strncmp(reponse, "OK ", 3) == 0)
        printf("=> Réservé, il en reste %s\n", reponse + 3);
    else if (strncmp(reponse, "REFUS ", 6) == 0)
        printf("=> Non réservé, il en reste %s\n", reponse + 6);
    else
        printf("=> Non réservé, demande incorrecte\n");
}

int main(int argc, char **argv)
{
    struct sockaddr_in la = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    struct hostent *hote = gethostbyname(argc > 1 ? argv[1] : "localhost");
    if (!hote || hote->h_addrtype != AF_INET) {
        fprintf(stderr, "serveur introuvable\n");
        return 1;
    }
    memcpy(&la.sin_addr, hote->h_addr_list[0], sizeof la.sin_addr);
    signal(SIGPIPE, SIG_IGN);
    connexion = socket(AF_INET, SOCK_STREAM, 0);
    if (connexion == -1 || connect(connexion, (struct sockaddr *)&la, sizeof la) == -1) {
        perror("connexion");
        return 1;
    }
    entree = fdopen(connexion, "r");
    afficher();
    for (;;) {
        char *choix = saisir("L)iste, C)onsulter, R)éserver, Q)uitter : ");
        if (strcmp(choix, "L") == 0)
            afficher();
        else if (strcmp(choix, "C") == 0)
            consulter();
        else if (strcmp(choix, "R") == 0)
            reserver();
        else if (strcmp(choix, "Q") == 0)
            return 0;
        else
            printf("L, C, R ou Q.\n");
    }
}
