/* Format des messages de la file, commun au client et au serveur. */
#ifndef MSG_H
#define MSG_H

#include <sys/types.h>

#define CLE_FILE 0x2025 /* clé fixe, choisie avec le binôme */

#define NB_SPEC 5
#define TAILLE_NOM 48

/* Types des demandes. Ceux des réponses commencent plus haut : le client
 * dont le PID est 1, 2 ou 3 ne peut pas prendre une demande pour sa réponse. */
#define T_LISTE 1
#define T_RESA 2
#define T_REPONSE(pid) (1000L + (pid))

typedef struct {
    long type;
    pid_t pid;
    unsigned cachet; /* recopié dans la réponse */
    int spec;
    int nb;
} Demande;

typedef struct {
    long type;
    unsigned cachet;
    int statut;
    int places;
    char nom[TAILLE_NOM];
} Reponse;

enum statut { ST_OK, ST_NOK, ST_INEXISTANT };

#define LG(m) (sizeof(m) - sizeof(long))

#endif
