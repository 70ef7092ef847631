"""Le chien de garde : prépare tubes et segment, lance les serveurs, relance ceux qui se figent."""
import os
import signal
import subprocess
import sys
import threading
import time

from commun import BATTEMENTS, PLACES, SECONDAIRES, SEGMENT, Segment, tubes

TOUR = 0.1        # secondes entre deux rondes
FIGE = 3.0        # sans battement pendant ce temps : on relance
DEMARRAGE = 10.0  # le temps de démarrer, en plus

COMMANDES = {
    "principal": ["principal.py"],
    "secondaire1": ["secondaire.py", "requetetype1"],
    "secondaire2": ["secondaire.py", "requetetype2"],
}


def effacer():
    for n in SECONDAIRES.values():
        for tube in tubes(n):
            if os.path.exists(tube):
                os.unlink(tube)
    if os.path.exists(SEGMENT):
        os.unlink(SEGMENT)


def lancer(nom, segment):
    segment.battre(nom, avance=DEMARRAGE)
    return subprocess.Popen([sys.executable, *COMMANDES[nom]])


def ronde(fils, segment, en_retard):
    for nom in BATTEMENTS:
        if en_retard:
            segment.battre(nom, avance=FIGE)  # nous avons dormi, nous aussi : on ne juge personne
        fige = time.monotonic() - segment.battement(nom) > FIGE
        if fils[nom].poll() is None and not fige:
            continue
        print("watchdog :", nom, "est figé" if fige else "est mort", "- relance", flush=True)
        fils[nom].kill()
        fils[nom].wait()
        fils[nom] = lancer(nom, segment)


def main():
    # Les fils héritent du masque et ne débloquent que SIGTERM : Ctrl-C s'adresse à nous.
    fin = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, fin)
    effacer()
    segment = Segment(creer=True)
    for i, n in enumerate(PLACES):
        segment.ecrire_places(i, n)
    for n in SECONDAIRES.values():
        for tube in tubes(n):
            os.mkfifo(tube, 0o600)
    fils = {nom: lancer(nom, segment) for nom in BATTEMENTS}
    derniere = time.monotonic()
    arret = threading.Event()
    threading.Thread(target=lambda: (signal.sigwait(fin), arret.set()), daemon=True).start()
    while not arret.wait(TOUR):
        maintenant = time.monotonic()
        ronde(fils, segment, maintenant - derniere > FIGE / 3)
        derniere = maintenant
    for processus in fils.values():
        processus.terminate()
    for processus in fils.values():
        try:
            processus.wait(1)
        except subprocess.TimeoutExpired:
            processus.kill()
            processus.wait()
    effacer()
    print("watchdog : fini", flush=True)


main()
