/* Question 2, le client. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "theatre.h"

static const char *const titres[NB_PIECES] = {
    "Phèdre", "Knock", "Ondine", "La Cantatrice chauve", "Huis clos",
};

static int demandes, reponses;
static uint32_t numero;

static void ferme(void)
{
    printf("Le théâtre est fermé.\n");
    exit(1);
}

static struct reponse demander(long type, int32_t piece, int32_t places)
{
    struct demande d = {type, getpid(), ++numero, piece, places};
    struct reponse r;
    while (msgsnd(demandes, &d, CORPS(d), 0) == -1)
        if (errno != EINTR)
            ferme();
    for (;;) {
        if (msgrcv(reponses, &r, CORPS(r), getpid(), 0) == -1) {
            if (errno != EINTR)
                ferme();
        } else if (r.numero == numero) /* sinon : pour un client qui avait le même PID */
            return r;
    }
}

/* La ligne tapée, sans sa fin ; on quitte à la fin du fichier. */
static void saisir(const char *invite, char *ligne, int taille)
{
    printf("%s", invite);
    fflush(stdout);
    if (!fgets(ligne, taille, stdin)) {
        printf("\n");
        exit(0);
    }
    if (!strchr(ligne, '\n')) {
        int c;
        do
            c = getchar();
        while (c != '\n' && c != EOF);
    }
    ligne[strcspn(ligne, "\n")] = '\0';
}

static bool saisir_nombre(const char *invite, int32_t *nombre)
{
    char ligne[32], *fin;
    saisir(invite, ligne, sizeof ligne);
    errno = 0;
    long lu = strtol(ligne, &fin, 10);
    if (fin == ligne || *fin != '\0' || errno != 0 || lu < 0 || lu > 1000000) {
        printf("Il faut un nombre.\n");
        return false;
    }
    *nombre = (int32_t)lu;
    return true;
}

static void affiche(void)
{
    for (int i = 1; i <= NB_PIECES; i++) {
        struct reponse r = demander(CONSULTATION, i, 0);
        printf("  %d  %-24s %4d\n", i, titres[i - 1], r.reste);
    }
}

static void consulter(void)
{
    int32_t piece;
    if (!saisir_nombre("Quelle pièce ? ", &piece))
        return;
    struct reponse r = demander(CONSULTATION, piece, 0);
    if (r.code == FAIT)
        printf("%s : %d places libres.\n", titres[piece - 1], r.reste);
    else
        printf("Nous ne jouons pas cela.\n");
}

static void reserver(void)
{
    int32_t piece, places;
    if (!saisir_nombre("Quelle pièce ? ", &piece) ||
        !saisir_nombre("Combien de places ? ", &places))
        return;
    struct reponse r = demander(RESERVATION, piece, places);
    if (r.code == FAIT)
        printf("Vous avez %d places, bonne soirée.\n", places);
    else if (r.code == TROP)
        printf("Refusé : il reste %d places.\n", r.reste);
    else if (r.code == ABSENTE)
        printf("Refusé : nous ne jouons pas cela.\n");
    else
        printf("Refusé : au moins une place.\n");
}

int main(void)
{
    char choix[16];
    struct timespec t;
    demandes = msgget(cle('D'), 0);
    reponses = msgget(cle('R'), 0);
    if (demandes == -1 || reponses == -1)
        ferme();
    clock_gettime(CLOCK_REALTIME, &t);
    numero = (uint32_t)t.tv_nsec * 2654435761u;
    for (;;) {
        saisir("\na) affiche  p) places  r) réserver  q) quitter\n> ", choix, sizeof choix);
        if (strcmp(choix, "a") == 0)
            affiche();
        else if (strcmp(choix, "p") == 0)
            consulter();
        else if (strcmp(choix, "r") == 0)
            reserver();
        else if (strcmp(choix, "q") == 0)
            return 0;
    }
}
