"""Un serveur secondaire. Usage : secondaire.py requetetype1|requetetype2

requetetype1 : "liste" ou "places N" ; requetetype2 : "reserve N PLACES". Une ligne, une réponse,
et la connexion est coupée. Seul le secondaire 2 écrit dans la table : son verrou suffit.
"""
import os
import signal
import socket
import sys
import threading
import time

from commun import PORTS, SECONDAIRES, SPECTACLES, Segment, lire_ligne, tubes

verrou = threading.Lock()


def numero(mot):
    """L'indice du spectacle, ou None."""
    return int(mot) - 1 if mot.isdecimal() and 1 <= int(mot) <= len(SPECTACLES) else None


def consulter(mots, segment):
    if mots == ["liste"]:
        lignes = (f"{i + 1}:{nom}:{segment.places(i)}" for i, nom in enumerate(SPECTACLES))
        return "liste " + "/".join(lignes)
    if len(mots) == 2 and mots[0] == "places":
        i = numero(mots[1])
        return "inconnu" if i is None else f"places {segment.places(i)}"
    return "erreur"


def reserver(mots, segment):
    if len(mots) != 3 or mots[0] != "reserve":
        return "erreur"
    i = numero(mots[1])
    if i is None:
        return "inconnu"
    if not mots[2].isdecimal() or int(mots[2]) == 0:
        return "erreur"
    with verrou:
        restent = segment.places(i)
        if int(mots[2]) > restent:
            return f"non {restent}"
        segment.ecrire_places(i, restent - int(mots[2]))
        return f"oui {restent - int(mots[2])}"


def servir(connexion, traiter, segment):
    with connexion:
        connexion.settimeout(30)
        ligne = lire_ligne(connexion)
        if ligne is None:
            return
        reponse = traiter(ligne.split(), segment)
        print(ligne, "->", reponse, flush=True)
        try:
            connexion.sendall(reponse.encode() + b"\n")
        except OSError:
            pass  # client parti


def repondre_au_principal(n, port):
    """Le tube est en lecture et écriture : jamais de fin de fichier, même sans principal."""
    vers, depuis = (os.open(tube, os.O_RDWR) for tube in reversed(tubes(n)))
    reste = b""
    while True:
        reste += os.read(depuis, 1024)
        *lignes, reste = reste.split(b"\n")
        for ligne in lignes:
            os.write(vers, b"%s %d\n" % (ligne, port))


def battre(nom, segment):
    while True:
        segment.battre(nom)
        time.sleep(0.2)


def main(requete):
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})  # bloqué par le watchdog
    n, port = SECONDAIRES[requete], PORTS[requete]
    traiter = consulter if n == 1 else reserver
    segment = Segment()
    with socket.create_server(("", port), backlog=64) as ecoute:
        for fonction, args in ((battre, (f"secondaire{n}", segment)),
                               (repondre_au_principal, (n, port))):
            threading.Thread(target=fonction, args=args, daemon=True).start()
        while True:
            connexion, _ = ecoute.accept()
            threading.Thread(target=servir, args=(connexion, traiter, segment), daemon=True).start()


main(sys.argv[1])
