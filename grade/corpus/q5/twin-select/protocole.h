/* Question 5 : une demande est une ligne, une réponse aussi.
 *   LISTE                  -> LISTE n:places n:places ...
 *   CONSULTER n            -> PLACES n places, ou ERREUR texte
 *   RESERVER n places      -> OK places_restantes, ou REFUS places_restantes, ou ERREUR texte */
#ifndef PROTOCOLE_H
#define PROTOCOLE_H

#define PORT 5000
#define LG_LIGNE 256

static const char *const concerts[] = {"Boléro", "Requiem", "La Mer", "Symphonie fantastique"};
#define NB_CONCERTS ((int)(sizeof concerts / sizeof concerts[0]))

#endif
