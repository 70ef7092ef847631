/* Question 5 : client TCP. Usage : ./client [adresse IPv4 ou nom du serveur] */
#define _GNU_SOURCE
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "reseau.h"

static int fd;

static void perdu(void)
{
    printf("Connexion perdue.\n");
    exit(EXIT_FAILURE);
}

/* Passe ce qui reste de la ligne. */
static void vider(void)
{
    int c;
    while ((c = getchar()) != '\n' && c != EOF)
        ;
}

/* Un entier ; -1 pour tout ce qui n'en est pas un, ou trop grand. La fin du fichier quitte. */
static int32_t entier(const char *invite)
{
    long n;
    printf("%s", invite);
    fflush(stdout);
    int lus = scanf("%ld", &n);
    if (lus == EOF) {
        printf("\n");
        exit(EXIT_SUCCESS);
    }
    vider();
    if (lus != 1 || n < INT32_MIN || n > INT32_MAX)
        return -1;
    return (int32_t)n;
}

static void demander(int32_t quoi, int32_t numero, int32_t places)
{
    Question q = {htonl(quoi), htonl(numero), htonl(places)};
    if (ecrire_tout(fd, &q, sizeof q) == -1)
        perdu();
}

static Reponse reponse(void)
{
    Reponse r;
    if (lire_tout(fd, &r, sizeof r) == -1)
        perdu();
    r.verdict = ntohl(r.verdict);
    r.restantes = ntohl(r.restantes);
    return r;
}

static void afficher_table(void)
{
    Ligne lignes[NB];
    demander(VOIR, 0, 0);
    if (lire_tout(fd, lignes, sizeof lignes) == -1)
        perdu();
    printf("\n N°  Spectacle             Places\n");
    for (int i = 0; i < NB; i++) {
        int32_t restantes = ntohl(lignes[i].restantes);
        lignes[i].nom[LG_NOM - 1] = '\0';
        printf("%3d  %-20s ", (int)ntohl(lignes[i].numero), lignes[i].nom);
        if (restantes == 0)
            printf("complet\n");
        else
            printf("%6d\n", restantes);
    }
}

static void consulter(void)
{
    int32_t numero = entier("Quel spectacle : ");
    demander(CONSULTER, numero, 0);
    Reponse r = reponse();
    if (r.verdict == INCONNU)
        printf("Pas de spectacle numéro %d.\n", numero);
    else if (r.restantes == 0)
        printf("Ce spectacle est complet.\n");
    else
        printf("Places disponibles : %d\n", r.restantes);
}

static void reserver(void)
{
    int32_t numero = entier("Quel spectacle : ");
    int32_t places = entier("Nombre de places : ");
    demander(RESERVER, numero, places);
    Reponse r = reponse();
    if (r.verdict == D_ACCORD)
        printf("Réservation confirmée, bon spectacle !\n");
    else if (r.verdict == PAS_ASSEZ)
        printf("Désolé, il n'en reste que %d.\n", r.restantes);
    else
        printf("Désolé, demande incorrecte.\n");
}

static void connecter(const char *serveur)
{
    char port[8];
    struct addrinfo souhait = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *trouve;
    snprintf(port, sizeof port, "%d", PORT);
    int erreur = getaddrinfo(serveur, port, &souhait, &trouve);
    if (erreur != 0) {
        fprintf(stderr, "%s : %s\n", serveur, gai_strerror(erreur));
        exit(EXIT_FAILURE);
    }
    fd = socket(trouve->ai_family, trouve->ai_socktype, 0);
    if (fd == -1 || connect(fd, trouve->ai_addr, trouve->ai_addrlen) == -1) {
        perror(serveur);
        exit(EXIT_FAILURE);
    }
    freeaddrinfo(trouve);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    connecter(argc > 1 ? argv[1] : "127.0.0.1");
    for (;;) {
        afficher_table();
        printf("1 consulter  2 réserver  0 quitter\n");
        switch (entier("Choix : ")) {
        case 1:
            consulter();
            break;
        case 2:
            reserver();
            break;
        case 0:
            close(fd);
            return EXIT_SUCCESS;
        default:
            printf("Choix inconnu.\n");
        }
    }
}
