/* Échange sur la socket : des entiers de 32 bits, dans l'ordre du réseau. */
#ifndef RESEAU_H
#define RESEAU_H

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#define PORT 5000
#define NB 6
#define LG_NOM 40

enum { VOIR = 10, CONSULTER = 11, RESERVER = 12 };
enum { D_ACCORD = 0, PAS_ASSEZ = 1, INCONNU = 2, INVALIDE = 3 };

typedef struct {
    int32_t quoi, numero, places;
} Question;

typedef struct {
    int32_t verdict, restantes;
} Reponse;

typedef struct {
    int32_t numero, restantes;
    char nom[LG_NOM];
} Ligne; /* VOIR : NB lignes à la place d'une Reponse */

/* read() et write() peuvent en faire moins que demandé : on recommence. */
static inline int lire_tout(int fd, void *ou, size_t n)
{
    char *p = ou;
    while (n > 0) {
        ssize_t k = read(fd, p, n);
        if (k == -1 && errno == EINTR)
            continue;
        if (k <= 0)
            return -1;
        p += k;
        n -= (size_t)k;
    }
    return 0;
}

static inline int ecrire_tout(int fd, const void *ou, size_t n)
{
    const char *p = ou;
    while (n > 0) {
        ssize_t k = write(fd, p, n);
        if (k == -1 && errno == EINTR)
            continue;
        if (k == -1)
            return -1;
        p += k;
        n -= (size_t)k;
    }
    return 0;
}

#endif
