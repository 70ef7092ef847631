/* Ce que le serveur et le client ont en commun. */
#ifndef SALLE_H
#define SALLE_H

#include <stdint.h>
#include <sys/types.h>

#define TUBE_CONSULTATION "consultation.fifo"
#define TUBE_RESERVATION "reservation.fifo"
#define TUBE_REPONSE "reponse.%ld.fifo" /* un par client, le temps d'une question */

#define NB_SPECTACLES 6

static const char *const titres[NB_SPECTACLES] = {
    "Le Cid", "Tartuffe", "Rhinocéros", "Ubu roi", "Antigone", "Le Mariage de Figaro",
};

/* Un seul write() de moins de PIPE_BUF octets : les demandes ne se mélangent pas. */
struct demande {
    pid_t client;
    uint32_t jeton; /* rendu avec la réponse : on reconnaît la sienne */
    int32_t spectacle;
    int32_t places; /* pour une réservation */
};

enum { OUI = 0, INCONNU = 1, PAS_ASSEZ = 2, NOMBRE_INVALIDE = 3 };

struct reponse {
    uint32_t jeton;
    int32_t code;
    int32_t reste;
};

#endif
