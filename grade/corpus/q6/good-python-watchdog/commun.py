"""Ce que tous les programmes de la question 6 partagent : ports, tubes, segment de mémoire."""
import mmap
import os
import struct
import time

PORT_PRINCIPAL = 2222
PORTS = {"requetetype1": 2223, "requetetype2": 2224}  # consultation, réservation
SECONDAIRES = {"requetetype1": 1, "requetetype2": 2}

SPECTACLES = ["Le Lac des cygnes", "Casse-noisette", "La Sylphide", "Don Quichotte"]
PLACES = [170, 85, 42, 19]

SEGMENT = "/dev/shm/osps-ballet"
BATTEMENTS = ["principal", "secondaire1", "secondaire2"]
FORMAT_PLACE, FORMAT_BATTEMENT = "=i", "=d"
TAILLE = 4096
DEBUT_BATTEMENTS = 1024


def tubes(n):
    """Noms de la paire de tubes : du principal vers le secondaire, et retour."""
    return f"dwtube{n}", f"wdtube{n}"


class Segment:
    """Le segment partagé : les places de chaque spectacle, puis les battements de coeur."""

    def __init__(self, creer=False):
        options = os.O_RDWR | (os.O_CREAT | os.O_EXCL if creer else 0)
        fd = os.open(SEGMENT, options, 0o600)
        if creer:
            os.ftruncate(fd, TAILLE)
        self.memoire = mmap.mmap(fd, TAILLE)
        os.close(fd)

    def places(self, i):
        return struct.unpack_from(FORMAT_PLACE, self.memoire, 4 * i)[0]

    def ecrire_places(self, i, n):
        struct.pack_into(FORMAT_PLACE, self.memoire, 4 * i, n)

    def battre(self, nom, avance=0.0):
        decalage = DEBUT_BATTEMENTS + 8 * BATTEMENTS.index(nom)
        struct.pack_into(FORMAT_BATTEMENT, self.memoire, decalage, time.monotonic() + avance)

    def battement(self, nom):
        decalage = DEBUT_BATTEMENTS + 8 * BATTEMENTS.index(nom)
        return struct.unpack_from(FORMAT_BATTEMENT, self.memoire, decalage)[0]


def lire_ligne(connexion, maximum=200):
    """Une ligne sans sa fin, ou None si l'autre est parti ou trop bavard."""
    recu = b""
    while b"\n" not in recu:
        try:
            morceau = connexion.recv(256)
        except OSError:
            return None
        recu += morceau
        if not morceau or len(recu) > maximum:
            return None
    return recu.split(b"\n")[0].decode("utf-8", "replace").strip()
