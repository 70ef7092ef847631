"""Question 2 : le client. Une file privée par demande."""
import os
import sys

import sysv

MENU = "L = liste, C = consulter, R = réserver, F = fin"


def demander(*mots):
    mienne = sysv.get(sysv.IPC_PRIVATE, sysv.IPC_CREAT | 0o600)
    try:
        demandes = sysv.get(sysv.key_of("serveur.py", "S"))
        quoi, *reste = mots
        sysv.send(demandes, ";".join([quoi, str(os.getpid()), str(mienne), *reste]))
        return sysv.receive(mienne)[1]
    except OSError:
        sys.exit("Le serveur ne répond plus.")
    finally:
        sysv.remove(mienne)


def saisir(question):
    """Un nombre, sous forme de texte ; None si ce n'en est pas un."""
    texte = input(question).strip()
    try:
        return str(int(texte[:20]))
    except ValueError:
        print("Il faut un nombre.")
        return None


def consulter():
    numero = saisir("Numéro : ")
    if numero is not None:
        print("=>", demander("consulter", numero))


def reserver():
    numero = saisir("Numéro : ")
    if numero is None:
        return
    places = saisir("Places : ")
    if places is None:
        return
    reponse = demander("reserver", numero, places)
    print("=> C'est réservé !" if reponse == "ACCEPTE" else "=> Refusé. " + reponse)


def main():
    nom = input("Votre nom : ")
    print("Bonjour", nom)
    while True:
        print(MENU)
        choix = input("> ").strip().upper()
        if choix == "F":
            return
        if choix == "L":
            print(demander("liste"))
        elif choix == "C":
            consulter()
        elif choix == "R":
            reserver()


try:
    main()
except (EOFError, KeyboardInterrupt):
    print()
