/* Q3 - client. On le quitte par Ctrl-C ou Ctrl-D. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "billetterie.h"

static int demandes, reponses;

static void fermee(void)
{
    printf("\nLa billetterie est fermée.\n");
    exit(1);
}

static struct reponse demander(enum type_demande type, int32_t spectacle, int32_t places)
{
    static uint32_t numero;
    struct msg_demande m = {type, {getpid(), 0, spectacle, places}};
    struct msg_reponse rep;
    if (numero == 0 && getrandom(&numero, sizeof numero, 0) == -1)
        perror("getrandom");
    m.d.numero = ++numero;
    while (msgsnd(demandes, &m, sizeof m.d, 0) == -1)
        if (errno != EINTR)
            fermee();
    for (;;) {
        memset(&rep, 0, sizeof rep);
        ssize_t recu = msgrcv(reponses, &rep, sizeof rep.r, getpid(), 0);
        if (recu == -1 && errno != EINTR)
            fermee();
        if (recu != -1 && rep.r.numero == m.d.numero)
            return rep.r;
    }
}

static void lire(const char *invite, char *texte, int taille)
{
    fputs(invite, stdout);
    fflush(stdout);
    if (!fgets(texte, taille, stdin)) {
        putchar('\n');
        exit(0);
    }
    size_t n = strlen(texte);
    if (n > 0 && texte[n - 1] == '\n')
        texte[n - 1] = '\0';
    else
        for (int c = getchar(); c != '\n' && c != EOF; c = getchar())
            ;
}

/* Un nombre de 1 à 9999, sinon 0. */
static int32_t lire_nombre(const char *invite)
{
    char texte[32];
    lire(invite, texte, sizeof texte);
    size_t n = strlen(texte);
    if (n == 0 || n > 4 || strspn(texte, "0123456789") != n)
        return 0;
    return (int32_t)strtol(texte, NULL, 10);
}

static void afficher(const struct reponse *r)
{
    for (int i = 0; i < r->n; i++) {
        const struct ligne *l = &r->lignes[i];
        printf("(%d) %s", l->id, l->titre);
        if (l->libres == 0)
            printf(", complet\n");
        else
            printf(", %d libres\n", l->libres);
    }
}

static void consulter(void)
{
    int32_t id = lire_nombre("Consulter quel spectacle ? ");
    struct reponse r = {0};
    if (id > 0)
        r = demander(CONSULTER, id, 0);
    if (r.n == 0)
        printf("Ce spectacle n'est pas au programme.\n");
    else
        printf("Nombre de places libres : %d\n", r.lignes[0].libres);
}

static void reserver(void)
{
    int32_t id = lire_nombre("Réserver pour quel spectacle ? ");
    int32_t places = lire_nombre("Combien de places (1 à 9999) ? ");
    if (id == 0 || places == 0) {
        printf("Refus : saisie incorrecte.\n");
        return;
    }
    struct reponse r = demander(RESERVER, id, places);
    switch (r.issue) {
    case ACCEPTEE:
        printf("Accepté : %d place(s) pour %s.\n", places, r.lignes[0].titre);
        break;
    case COMPLET:
        printf("Refus : seulement %d place(s).\n", r.lignes[0].libres);
        break;
    default:
        printf("Refus : ce spectacle n'est pas au programme.\n");
    }
}

int main(void)
{
    char choix[8];
    demandes = msgget(cle('D'), 0);
    reponses = msgget(cle('R'), 0);
    if (demandes == -1 || reponses == -1)
        fermee();
    for (;;) {
        struct reponse r = demander(CONSULTER, TOUS, 0);
        printf("\n*** Comédies musicales ***\n");
        afficher(&r);
        lire("1 = consulter, 2 = réserver : ", choix, sizeof choix);
        if (strcmp(choix, "1") == 0)
            consulter();
        else if (strcmp(choix, "2") == 0)
            reserver();
    }
}
