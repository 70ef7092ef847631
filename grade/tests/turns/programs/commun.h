/* Messages entre le client et le serveur. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <unistd.h>

#ifndef CLE
#define CLE 0x5350
#endif
#define NB_SPECTACLES 3
#define CONSULTER 1
#define RESERVER 2
#define LISTER 3

struct requete {
    long type;
    long pid;
    int action, spectacle, places;
};

struct reponse {
    long type;
    int ok, places, action, spectacle;
};
