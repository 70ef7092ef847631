"""Question 1 en un seul programme : le père tient le menu, deux fils répondent par des tubes anonymes.

La table est dans une mémoire partagée (mmap), gardée par un jeton dans un tube : qui l'a lu la tient.
"""
import mmap
import os
import signal
import struct
import sys

TITRES = ["Giselle", "Coppélia", "La Bayadère"]
PLACES = [88, 52, 14]
NOMBRE = struct.Struct("i")


class Table:
    def __init__(self):
        self.memoire = mmap.mmap(-1, NOMBRE.size * len(PLACES))
        self.lire_jeton, self.rendre_jeton = os.pipe()
        for n, places in enumerate(PLACES):
            NOMBRE.pack_into(self.memoire, n * NOMBRE.size, places)
        os.write(self.rendre_jeton, b"j")

    def __enter__(self):
        os.read(self.lire_jeton, 1)

    def __exit__(self, *_):
        os.write(self.rendre_jeton, b"j")

    def libres(self, n):
        return NOMBRE.unpack_from(self.memoire, n * NOMBRE.size)[0]

    def enlever(self, n, places):
        NOMBRE.pack_into(self.memoire, n * NOMBRE.size, self.libres(n) - places)


table = Table()


def consulter(n):
    with table:
        return f"{table.libres(n)}"


def reserver(n, places):
    with table:
        libres = table.libres(n)
        if not 0 < places <= libres:
            return f"non {libres}"
        table.enlever(n, places)
        return f"oui {libres - places}"


class Fils:
    """Un fils, au bout de deux tubes ; une question est une ligne, la réponse aussi."""

    def __init__(self, traiter, *autres):
        vers_lui, vers_nous = os.pipe(), os.pipe()
        if os.fork() == 0:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            for fd in (vers_lui[1], vers_nous[0]):
                os.close(fd)
            for autre in autres:  # sinon l'autre ne verrait jamais la fin de son tube
                autre.vers.close()
            self.servir(os.fdopen(vers_lui[0]), os.fdopen(vers_nous[1], "w"), traiter)
            os._exit(0)
        for fd in (vers_lui[0], vers_nous[1]):
            os.close(fd)
        self.vers = os.fdopen(vers_lui[1], "w")
        self.depuis = os.fdopen(vers_nous[0])

    @staticmethod
    def servir(questions, reponses, traiter):
        for ligne in questions:
            nombres = [int(mot) for mot in ligne.split()]
            connu = 0 <= nombres[0] < len(PLACES)
            print(traiter(*nombres) if connu else "inconnu", file=reponses, flush=True)

    def demander(self, *nombres):
        print(*nombres, file=self.vers, flush=True)
        return self.depuis.readline().split()


def nombre(mot):
    """Le nombre, ou -1 si ce n'en est pas un ou s'il est trop grand."""
    return int(mot) if mot.isdecimal() and len(mot) < 9 else -1


def main():
    consultation = Fils(consulter)
    reservation = Fils(reserver, consultation)
    while True:
        try:
            mots = input("t | c spectacle | r spectacle places | q ? ").split()
        except (EOFError, KeyboardInterrupt):
            break
        if mots == ["q"]:
            break
        if mots == ["t"]:
            for n, titre in enumerate(TITRES):
                print(f"{n}: {titre} -> {consultation.demander(n)[0]}")
        elif len(mots) == 2 and mots[0] == "c":
            reponse = consultation.demander(nombre(mots[1]))
            print("Spectacle inconnu" if reponse == ["inconnu"] else f"{reponse[0]} places libres")
        elif len(mots) == 3 and mots[0] == "r":
            reponse = reservation.demander(nombre(mots[1]), nombre(mots[2]))
            if reponse[0] == "oui":
                print(f"Place(s) réservée(s), reste {reponse[1]}")
            else:
                print("Non,", " ".join(reponse[1:]) or "spectacle inconnu")
        else:
            print("Pardon ?")
    consultation.vers.close()
    reservation.vers.close()
    for _ in range(2):
        os.wait()


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
main()
