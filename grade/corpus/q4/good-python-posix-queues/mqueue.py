"""POSIX message queues, by ctypes on the C library (see mq_overview(7))."""
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)

SIZE = 512  # of the longest message
DEPTH = 8   # messages in a queue; an ordinary user may have 10


class Attributes(ctypes.Structure):
    _fields_ = [(name, ctypes.c_long) for name in ("flags", "maxmsg", "msgsize", "curmsgs")]


class _Room(ctypes.Structure):
    _fields_ = [("attributes", Attributes), ("reserved", ctypes.c_long * 4)]


def check(function, *args):
    while True:
        result = function(*args)
        if result != -1:
            return result
        number = ctypes.get_errno()
        if number != 4:  # EINTR: once more
            raise OSError(number, os.strerror(number))


class Queue:
    def __init__(self, name, flags, create=False):
        self.name = name.encode()
        if create:
            room = _Room(Attributes(0, DEPTH, SIZE, 0))
            self.fd = check(libc.mq_open, self.name, flags | os.O_CREAT | os.O_EXCL,
                            ctypes.c_uint(0o600), ctypes.byref(room))
        else:
            self.fd = check(libc.mq_open, self.name, flags)

    def send(self, text, priority=1):
        data = text.encode()[:SIZE]
        check(libc.mq_send, self.fd, data, ctypes.c_size_t(len(data)), ctypes.c_uint(priority))

    def receive(self):
        buffer = ctypes.create_string_buffer(SIZE)
        size = check(libc.mq_receive, self.fd, buffer, ctypes.c_size_t(SIZE), None)
        return buffer.raw[:size].decode("utf-8", "replace")

    def close(self):
        libc.mq_close(self.fd)

    def unlink(self):
        unlink(self.name.decode())


def unlink(name):
    """Removes the queue's name, if there is one."""
    libc.mq_unlink(name.encode())
