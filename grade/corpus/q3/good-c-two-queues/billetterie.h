/* Q3 - ce que s'envoient clients et serveur.
 *
 * Deux files : les demandes dans l'une (type = ce qu'on veut), les réponses dans l'autre
 * (type = PID du client). Ainsi un serveur ne peut pas lire une réponse, ni un client une
 * demande, et une file de réponses pleine n'empêche pas de demander. */
#ifndef BILLETTERIE_H
#define BILLETTERIE_H

#include <stdint.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/msg.h>

enum type_demande { CONSULTER = 1, RESERVER = 2 };
enum issue { ACCEPTEE, COMPLET, INCONNU, INVALIDE };

#define SPECTACLES 5
#define TOUS 0 /* CONSULTER : toute la table */

struct demande {
    int32_t pid;
    uint32_t numero; /* de la demande */
    int32_t spectacle;
    int32_t places;
};

struct ligne {
    int32_t id;
    int32_t libres;
    char titre[32];
};

struct reponse {
    uint32_t numero;
    int32_t issue;
    int32_t n; /* lignes qui suivent */
    struct ligne lignes[SPECTACLES];
};

struct msg_demande {
    long type;
    struct demande d;
};

struct msg_reponse {
    long type;
    struct reponse r;
};

/* La clé vient du répertoire courant : client et serveur se lancent du même endroit. */
static inline key_t cle(char projet)
{
    key_t k = ftok(".", projet);
    if (k == -1) {
        perror("ftok");
        exit(1);
    }
    return k;
}

#endif
