"""Question 2. Les demandes arrivent dans une file connue de tous, et sont servies en FIFO.

Chaque client crée une file à lui pour chaque demande, et donne son numéro :
    "consulter;PID;FILE;NUMERO"   "reserver;PID;FILE;NUMERO;PLACES"   "liste;PID;FILE"
La réponse est un texte dans cette file.
"""
import errno
import os
import signal
import threading

import sysv

SALLES = {1: ["Opéra Garnier : Giselle", 140], 2: ["Zénith : NTM", 250],
          3: ["Olympia : Souchon", 95], 4: ["Le Splendid : Improvisation", 15]}
verrou = threading.Lock()  # à l'arrêt, deux fils traitent des demandes
oubliees = {}  # les files des clients déjà servis : file -> PID


def vivant(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def balayer():
    """Supprime les files des clients morts sans avoir lu leur réponse."""
    for file, pid in list(oubliees.items()):
        if not vivant(pid):
            sysv.remove(file)
            del oubliees[file]


def decider(quoi, args):
    if quoi == "liste" and not args:
        return "\n".join(f"{n}. {titre} ({places} places)" for n, (titre, places) in SALLES.items())
    try:
        nombres = [int(arg) for arg in args]
    except ValueError:
        return "ERREUR il faut des nombres"
    if not nombres or nombres[0] not in SALLES:
        return "ERREUR spectacle inconnu"
    salle = SALLES[nombres[0]]
    if quoi == "consulter" and len(nombres) == 1:
        return f"{salle[1]} places restantes"
    if quoi != "reserver" or len(nombres) != 2 or nombres[1] <= 0:
        return "ERREUR demande incorrecte"
    if nombres[1] > salle[1]:
        return f"ERREUR pas assez de places ({salle[1]})"
    salle[1] -= nombres[1]
    return "ACCEPTE"


def traiter(texte):
    try:
        quoi, pid, file, *args = texte.split(";")
        pid, file = int(pid), int(file)
    except ValueError:
        return
    reponse = decider(quoi, args)
    print(texte, "->", reponse.splitlines()[0], flush=True)
    if not vivant(pid):
        sysv.remove(file)
        return
    try:
        sysv.send(file, reponse, flags=sysv.IPC_NOWAIT)
        oubliees[file] = pid
    except OSError as error:
        print("client", pid, ":", error.strerror, flush=True)


def servir(demandes):
    while True:
        try:
            _, texte = sysv.receive(demandes)
        except OSError as error:
            if error.errno not in (errno.EIDRM, errno.EINVAL):
                raise
            return
        with verrou:
            traiter(texte)
            balayer()


def vider(demandes):
    """À l'arrêt : ceux qui attendent encore ont une file, eux aussi."""
    try:
        while True:
            _, texte = sysv.receive(demandes, flags=sysv.IPC_NOWAIT)
            with verrou:
                traiter(texte)
    except OSError:
        pass


def main():
    arret = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, arret)
    cle = sysv.key_of("serveur.py", "S")
    try:
        sysv.remove(sysv.get(cle))  # restée d'un serveur tué
    except FileNotFoundError:
        pass
    demandes = sysv.get(cle, sysv.IPC_CREAT | sysv.IPC_EXCL | 0o600)
    fil = threading.Thread(target=servir, args=(demandes,))
    fil.start()
    print("prêt", flush=True)
    signal.sigwait(arret)
    vider(demandes)
    sysv.remove(demandes)  # réveille le fil : EIDRM
    fil.join()
    for file in oubliees:
        sysv.remove(file)
    print("fini", flush=True)


main()
