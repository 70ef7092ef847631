/* Question 2 : ce que le serveur et les clients s'envoient.
 * Une file pour les demandes (type = ce qu'on veut), une pour les réponses (type = PID). */
#ifndef THEATRE_H
#define THEATRE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/types.h>

#define NB_PIECES 5

enum { CONSULTATION = 1, RESERVATION = 2 };
enum { FAIT, TROP, ABSENTE, INVALIDE };

struct demande {
    long type;
    int32_t pid;
    uint32_t numero; /* revient avec la réponse */
    int32_t piece;
    int32_t places;
};

struct reponse {
    long type; /* PID du client */
    uint32_t numero;
    int32_t code;
    int32_t reste;
};

#define CORPS(message) (sizeof(message) - sizeof(long))

/* La clé vient du fichier theatre.h : serveur et clients se lancent dans le même répertoire. */
static inline key_t cle(int projet)
{
    key_t k = ftok("theatre.h", projet);
    if (k == (key_t)-1) {
        perror("ftok theatre.h");
        exit(1);
    }
    return k;
}

#endif
