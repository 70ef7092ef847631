"""Une file de messages System V en Python : rien dans la bibliothèque standard, donc ctypes."""
import ctypes
import errno
import os

CLE = 0x51335
CONSULTATION, RESERVATION = 1, 2
BASE_REPONSES = 1 << 20  # les réponses au client PID ont le type BASE_REPONSES + PID

CREER, EXCLUSIF, SANS_ATTENDRE, TRONQUER, SUPPRIMER = 0o1000, 0o2000, 0o4000, 0o10000, 0
TAILLE = 512

libc = ctypes.CDLL("libc.so.6", use_errno=True)


class Tampon(ctypes.Structure):
    _fields_ = [("type", ctypes.c_long), ("texte", ctypes.c_ubyte * TAILLE)]


class Fermee(Exception):
    """La file n'existe plus."""


def appeler(fonction, *args):
    while True:
        resultat = fonction(*args)
        if resultat != -1:
            return resultat
        numero = ctypes.get_errno()
        if numero in (errno.EIDRM, errno.EINVAL, errno.ENOENT):
            raise Fermee
        if numero != errno.EINTR:
            raise OSError(numero, os.strerror(numero))


class File:
    def __init__(self, options=0):
        self.id = appeler(libc.msgget, CLE, options)

    def envoyer(self, type_, texte, options=0):
        octets = texte.encode()[:TAILLE]
        tampon = Tampon(type_)
        ctypes.memmove(tampon.texte, octets, len(octets))
        appeler(libc.msgsnd, self.id, ctypes.byref(tampon),
                ctypes.c_size_t(len(octets)), ctypes.c_int(options))

    def recevoir(self, type_, options=0):
        tampon = Tampon()
        n = appeler(libc.msgrcv, self.id, ctypes.byref(tampon), ctypes.c_size_t(TAILLE),
                    ctypes.c_long(type_), ctypes.c_int(options | TRONQUER))
        return bytes(tampon.texte[:n]).decode("utf-8", "replace")

    def supprimer(self):
        appeler(libc.msgctl, self.id, SUPPRIMER, None)
