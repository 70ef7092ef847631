"""Le client. Usage : client.py [machine]"""
import socket
import sys

from commun import PORT_PRINCIPAL, lire_ligne


def demander(machine, requete, texte):
    """Demande un port au serveur principal, puis parle au serveur secondaire."""
    try:
        with socket.create_connection((machine, PORT_PRINCIPAL)) as principal:
            principal.sendall(requete.encode() + b"\n")
            port = lire_ligne(principal)
            if port is None or not port.isdecimal():
                return "occupe"
            with socket.create_connection((machine, int(port))) as secondaire:
                secondaire.sendall(texte.encode() + b"\n")
                return lire_ligne(secondaire, 2000) or "perdu"
    except OSError:
        return "occupe"


def afficher(reponse):
    mot, _, reste = reponse.partition(" ")
    if mot == "liste":
        for ligne in reste.split("/"):
            n, nom, places = ligne.split(":")
            print(f"  {n}: {nom} [{places}]")
    elif mot == "places":
        print("Il reste", reste, "places.")
    elif mot == "oui":
        print("Réservé. Il reste", reste, "places.")
    elif mot == "non":
        print("Pas réservé : il ne reste que", reste, "places.")
    elif mot == "inconnu":
        print("Pas de spectacle de ce numéro.")
    elif mot == "erreur":
        print("Demande mal formée.")
    else:
        print("Le serveur est occupé ou arrêté, réessayez.")


def mot(question):
    saisi = "".join(input(question).split())
    return saisi[:30] or "rien"


def main(machine):
    while True:
        print("1. liste   2. places d'un spectacle   3. réserver   0. fin")
        choix = input("choix : ").strip()
        if choix == "1":
            afficher(demander(machine, "requetetype1", "liste"))
        elif choix == "2":
            afficher(demander(machine, "requetetype1", "places " + mot("numéro : ")))
        elif choix == "3":
            texte = f"reserve {mot('numéro : ')} {mot('combien : ')}"
            afficher(demander(machine, "requetetype2", texte))
        elif choix == "0":
            return


try:
    main(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1")
except (EOFError, KeyboardInterrupt):
    print()
