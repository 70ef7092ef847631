/* Question 3 : les messages. Files POSIX : une par type de demande, une par question posée. */
#ifndef CAISSE_H
#define CAISSE_H

#include <fcntl.h>
#include <mqueue.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#define FILE_CONSULTATION "/caisse.consultation"
#define FILE_RESERVATION "/caisse.reservation"
#define FILE_REPONSE "/caisse.reponse.%d"

#define NB_FILMS 4
#define LISTE (-1) /* consultation : tous les films */

struct demande {
    int32_t pid;
    int32_t film;
    int32_t places;
};

enum { ACCORDE, COMPLET, INCONNU, MAUVAIS_NOMBRE };

struct reponse {
    int32_t code;
    int32_t libres[NB_FILMS]; /* une seule valeur, sauf pour LISTE */
};

#endif
