/* Question 4 : une file commune pour les demandes ; chaque client a sa file de réponses. */
#ifndef STADE_H
#define STADE_H

#include <sys/ipc.h>
#include <sys/msg.h>

#define FICHIER_CLE "stade.h"
#define PROJET 4

#define NB_MATCHS 5
#define LG_NOM 24

enum { VOIR = 1, PRENDRE = 2 };
enum { BON, PLUS_ASSEZ, PAS_DE_MATCH, PAS_UN_NOMBRE };

typedef struct {
    long type;
    int file; /* où répondre : une file privée n'a pas de clé, mais un identifiant */
    int match;
    int places;
} Demande;

typedef struct {
    long type; /* toujours 1 : la file n'est qu'à ce client */
    int verdict;
    int places;
    char nom[LG_NOM];
} Reponse;

#define TAILLE(m) (sizeof(m) - sizeof(long))

#endif
