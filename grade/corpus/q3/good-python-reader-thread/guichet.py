"""Question 3 : un processus, deux threads. Chacun prend dans la file les messages de son type.

Demandes : "PID JETON" (toute la table), "PID JETON SPECTACLE", "PID JETON SPECTACLE PLACES".
Réponse : "JETON texte".
"""
import os
import signal
import threading

from file_ipc import (BASE_REPONSES, CONSULTATION, CREER, EXCLUSIF, RESERVATION, SANS_ATTENDRE,
                      Fermee, File)

table = [["Les Fourberies de Scapin", 130], ["L'Avare", 18], ["Dom Juan", 77]]
verrou = threading.Lock()
servis = set()


def spectacle(mot):
    """La ligne de la table, ou None."""
    return table[int(mot)] if mot.isdecimal() and int(mot) < len(table) else None


def consulter(args):
    with verrou:
        if not args:
            return "\n".join(f"no {n} | {nom} | {reste}" for n, (nom, reste) in enumerate(table))
        ligne = spectacle(args[0])
        return f"reste {ligne[1]}" if ligne else "ce spectacle n'existe pas"


def reserver(args):
    ligne = spectacle(args[0])
    if ligne is None:
        return "refuse, ce spectacle n'existe pas"
    if not args[1].isdecimal() or int(args[1]) == 0:
        return "refuse, nombre de places incorrect"
    places = int(args[1])
    with verrou:
        if places > ligne[1]:
            return f"refuse, il ne reste que {ligne[1]}"
        ligne[1] -= places
        return f"vendu {places}"


def jeter_le_courrier_des_morts(file):
    for pid in list(servis):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            servis.discard(pid)
            try:
                while True:
                    file.recevoir(BASE_REPONSES + pid, SANS_ATTENDRE)
            except OSError:
                pass  # ENOMSG : plus rien pour lui


def repondre(file, pid, texte):
    for essai in (1, 2):
        try:
            file.envoyer(BASE_REPONSES + pid, texte, SANS_ATTENDRE)
            servis.add(pid)
            return
        except OSError:
            if essai == 1:
                jeter_le_courrier_des_morts(file)
    print("file pleine, réponse perdue pour", pid, flush=True)


def travailler(file, type_, traiter, nombres_d_args):
    try:
        while True:
            mots = file.recevoir(type_).split(" ")
            if not mots[0].isdecimal() or len(mots) - 2 not in nombres_d_args:
                continue
            texte = traiter(mots[2:])
            print(threading.current_thread().name, mots, texte.split("\n")[0], flush=True)
            repondre(file, int(mots[0]), mots[1] + " " + texte)
    except Fermee:
        pass


def main():
    fin = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, fin)
    try:
        File().supprimer()  # celle d'un guichet tué
    except Fermee:
        pass
    file = File(CREER | EXCLUSIF | 0o600)
    threads = [
        threading.Thread(target=travailler, args=(file, CONSULTATION, consulter, (0, 1)),
                         name="consultation"),
        threading.Thread(target=travailler, args=(file, RESERVATION, reserver, (2,)),
                         name="reservation"),
    ]
    for thread in threads:
        thread.start()
    print("guichet ouvert", flush=True)
    signal.sigwait(fin)
    file.supprimer()
    for thread in threads:
        thread.join()
    print("guichet fermé", flush=True)


main()
