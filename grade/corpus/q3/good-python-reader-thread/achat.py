"""Question 3 : le client. Un thread affiche les réponses pendant que l'autre lit le clavier."""
import os
import secrets
import sys
import threading

from file_ipc import BASE_REPONSES, CONSULTATION, RESERVATION, Fermee, File

JETON = secrets.token_hex(4)  # le même pour toutes les demandes de ce client


def afficher(file):
    """Les réponses à ce client, dans l'ordre ; celles d'un ancien client du même PID, non."""
    try:
        while True:
            jeton, _, texte = file.recevoir(BASE_REPONSES + os.getpid()).partition(" ")
            if jeton == JETON:
                print("\n".join("<< " + ligne for ligne in texte.split("\n")), flush=True)
    except Fermee:
        print("<< le guichet a fermé", flush=True)
        os._exit(1)


def demander(file, type_, *mots):
    file.envoyer(type_, " ".join([str(os.getpid()), JETON, *mots]))


def mot(question):
    """Un seul mot, pas trop long, sinon un tiret que le guichet refuse."""
    saisi = input(question).strip()
    return saisi if saisi and " " not in saisi and len(saisi) < 40 else "-"


def main():
    file = File()
    threading.Thread(target=afficher, args=(file,), daemon=True).start()
    demander(file, CONSULTATION)
    while True:
        commande = input("voir, acheter ou fin ?\n").strip()
        if commande == "fin":
            return
        if commande == "voir":
            demander(file, CONSULTATION, mot("quel spectacle ?\n"))
        elif commande == "acheter":
            demander(file, RESERVATION, mot("quel spectacle ?\n"), mot("combien de places ?\n"))


try:
    main()
except Fermee:
    sys.exit("le guichet est fermé")
except (EOFError, KeyboardInterrupt):
    pass
