"""System V message queues through ctypes: the standard library has none."""
import ctypes
import errno
import os

IPC_PRIVATE, IPC_RMID = 0, 0
IPC_CREAT, IPC_EXCL, IPC_NOWAIT = 0o1000, 0o2000, 0o4000
MSG_NOERROR = 0o10000
TEXT_MAX = 200

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ftok.restype = ctypes.c_int
_libc.msgrcv.restype = ctypes.c_ssize_t
_libc.msgrcv.argtypes = [
    ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_long, ctypes.c_int]
_libc.msgsnd.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]


class Message(ctypes.Structure):
    _fields_ = [("type", ctypes.c_long), ("text", ctypes.c_char * TEXT_MAX)]


def _checked(result):
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def key_of(path, project):
    return _checked(_libc.ftok(os.fsencode(path), ord(project)))


def get(key, flags=0):
    return _checked(_libc.msgget(key, flags))


def remove(queue):
    """Removes the queue, if it is still there."""
    try:
        _checked(_libc.msgctl(queue, IPC_RMID, None))
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EIDRM):
            raise


def send(queue, text, kind=1, flags=0):
    message = Message(kind, text.encode())
    size = len(text.encode())
    while True:
        try:
            return _checked(_libc.msgsnd(queue, ctypes.byref(message), size, flags))
        except InterruptedError:
            continue


def receive(queue, kind=0, flags=0):
    message = Message()
    while True:
        try:
            flags |= MSG_NOERROR
            size = _checked(
                _libc.msgrcv(queue, ctypes.byref(message), TEXT_MAX, kind, flags))
            return message.type, bytes(message.text[:size]).decode("utf-8", "replace")
        except InterruptedError:
            continue
