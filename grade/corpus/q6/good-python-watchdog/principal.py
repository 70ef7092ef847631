"""Le serveur principal : donne à chaque client le port du serveur secondaire pour sa requête.

Avant, il demande au secondaire par leur paire de tubes s'il est là : "N" puis "N port".
"""
import os
import select
import signal
import socket
import threading
import time

from commun import PORT_PRINCIPAL, PORTS, SECONDAIRES, Segment, lire_ligne, tubes

ATTENTE = 8.0  # pour la réponse d'un secondaire, qui redémarre peut-être


class Secondaire:
    def __init__(self, n):
        vers, depuis = tubes(n)
        # En lecture et écriture : les tubes survivent à la mort du secondaire.
        self.vers = os.open(vers, os.O_RDWR | os.O_NONBLOCK)
        self.depuis = os.open(depuis, os.O_RDWR | os.O_NONBLOCK)
        self.verrou = threading.Lock()
        self.numero = int(time.time() * 1000) % 10**9
        self.recu = b""

    def port(self):
        """Le port du secondaire, ou None s'il ne répond pas."""
        with self.verrou:
            self.numero += 1
            try:
                os.write(self.vers, b"%d\n" % self.numero)
            except BlockingIOError:
                return None  # tube plein : il ne lit plus
            limite = time.monotonic() + ATTENTE
            while (reste := limite - time.monotonic()) > 0:
                if not select.select([self.depuis], [], [], reste)[0]:
                    break
                self.recu += os.read(self.depuis, 1024)
                *lignes, self.recu = self.recu.split(b"\n")
                for ligne in lignes:
                    numero, _, port = ligne.partition(b" ")
                    if numero == b"%d" % self.numero:
                        return int(port)
        return None


def servir(connexion, secondaires):
    """Un client peut faire plusieurs requêtes sur la même connexion."""
    with connexion:
        connexion.settimeout(60)
        while (requete := lire_ligne(connexion)) is not None:
            port = secondaires[requete].port() if requete in secondaires else None
            reponse = str(port) if port else ("occupe" if requete in PORTS else "inconnue")
            try:
                connexion.sendall(reponse.encode() + b"\n")
            except OSError:
                return


def battre(segment):
    while True:
        segment.battre("principal")
        time.sleep(0.2)


def main():
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})  # bloqué par le watchdog
    segment = Segment()
    threading.Thread(target=battre, args=(segment,), daemon=True).start()
    secondaires = {requete: Secondaire(n) for requete, n in SECONDAIRES.items()}
    with socket.create_server(("", PORT_PRINCIPAL), backlog=64) as ecoute:
        print("principal : port", PORT_PRINCIPAL, flush=True)
        while True:
            connexion, _ = ecoute.accept()
            threading.Thread(target=servir, args=(connexion, secondaires), daemon=True).start()


main()
