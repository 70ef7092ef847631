"""Box office over named pipes: a thread for each of the two request FIFOs."""

import argparse
import contextlib
import errno
import fcntl
import os
import select
import signal
import stat
import struct
import sys
import threading

MAGIC = b"SPC1"
REQUEST = struct.Struct("<4siQiiii")
REPLY = struct.Struct("<4siQiiii")
SHOW = struct.Struct("<i50s11s3xi")
LIST, VIEW, RESERVE = 1, 2, 3
OK, UNKNOWN_SHOW, NOT_ENOUGH, BAD_SEATS, BAD_REQUEST, UNAVAILABLE = 0, 1, 2, 3, 4, 6
FIFOS = {"consult.fifo": (LIST, VIEW), "reserve.fifo": (RESERVE,)}


def fail(text):
    print("server:", text, file=sys.stderr)
    sys.exit(2)


class Table:
    """The shows; each new count is on disk before anybody is told."""

    def __init__(self):
        is_new = not os.path.exists("spectacles.dat")
        self.file = os.open("spectacles.dat", os.O_RDWR | os.O_CREAT, 0o600)
        if is_new:
            first = SHOW.pack(1, b"Cyrano de Bergerac", b"08/01/2027", 200)
            os.pwrite(self.file, first + bytes(9 * SHOW.size), 0)
        self.bytes = bytearray(os.pread(self.file, 10 * SHOW.size, 0))
        os.pwrite(self.file, self.bytes, 0)
        os.fdatasync(self.file)

    def find(self, show):
        for at in range(0, len(self.bytes), SHOW.size):
            number, _, _, seats = SHOW.unpack_from(self.bytes, at)
            if number != 0 and number == show:
                return at + SHOW.size - 4, seats
        return None, 0

    def save(self, at, seats):
        count = struct.pack("<i", seats)
        os.pwrite(self.file, count, at)
        os.fdatasync(self.file)
        self.bytes[at:at + 4] = count


class Office:
    def __init__(self, table):
        self.table = table
        self.failed = False

    def decide(self, kinds, record):
        """The status, show, seats and rows of the answer."""
        magic, _, _, kind, show, wanted, zero = REQUEST.unpack(record)
        if magic != MAGIC or kind not in kinds or zero != 0:
            return BAD_REQUEST, 0, 0, b""
        if kind == LIST:
            return OK, 0, 0, bytes(self.table.bytes)
        at, seats = self.table.find(show)
        if at is None:
            return UNKNOWN_SHOW, show, 0, b""
        if kind == VIEW:
            return OK, show, seats, b""
        if wanted <= 0:
            return BAD_SEATS, show, 0, b""
        if wanted > seats:
            return NOT_ENOUGH, show, seats, b""
        if self.failed:
            return UNAVAILABLE, show, 0, b""
        try:
            self.table.save(at, seats - wanted)
        except OSError as error:
            print("server: cannot save:", error, file=sys.stderr)
            self.failed = True
            return UNAVAILABLE, show, 0, b""
        return OK, show, seats - wanted, b""

    def answer(self, kinds, record):
        _, client, nonce, _, _, _, _ = REQUEST.unpack(record)
        if client <= 0:
            return
        status, show, seats, rows = self.decide(kinds, record)
        head = REPLY.pack(MAGIC, status, nonce, show, seats, os.getpid(), len(rows) // SHOW.size)
        send(client, head + rows)


def send(client, reply):
    """Never waits: who does not read loses its answer."""
    try:
        flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW
        fifo = os.open(f"reply.{client}.fifo", flags)
    except OSError:
        return
    try:
        if stat.S_ISFIFO(os.fstat(fifo).st_mode):
            os.write(fifo, reply)
    except OSError:
        pass
    finally:
        os.close(fifo)


def read_all(fifo):
    """What is there now; False if there may be more."""
    try:
        data = os.read(fifo, 65536)
    except OSError as error:
        if error.errno not in (errno.EAGAIN, errno.EINTR):
            raise
        return b"", True
    return data, len(data) < 65536


def records(data):
    """The requests in what was read: each begins with the magic, what does not is skipped."""
    at = data.find(MAGIC)
    while at != -1 and at + REQUEST.size <= len(data):
        yield data[at:at + REQUEST.size]
        at = data.find(MAGIC, at + REQUEST.size)


def serve(office, fd, kinds, wake, waker):
    poll = select.poll()
    for waited in (wake, fd):
        poll.register(waited, select.POLLIN)
    while not office.failed:
        if wake in [ready for ready, _ in poll.poll()]:
            return
        data, _ = read_all(fd)
        for record in records(data):
            office.answer(kinds, record)
    # The other thread must end, too.
    os.write(waker, b"x")


def finish(office, fifos):
    """Answers what has arrived, and removes every FIFO that is not a living client's."""
    for name in FIFOS:
        os.unlink(name)
    for fd, kinds in fifos.items():
        is_empty = False
        while not is_empty:
            data, is_empty = read_all(fd)
            for record in records(data):
                office.answer(kinds, record)
        os.close(fd)
    for name in os.listdir("."):
        parts = name.split(".")
        if len(parts) == 3 and parts[0] == "reply" and not is_alive(parts[1]):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="latin-1") as status:
            return status.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dir", default="run")
    directory = parser.parse_args().dir
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    os.makedirs(directory, mode=0o700, exist_ok=True)
    os.chdir(directory)
    lock = os.open("lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        fail(f"another server runs in {directory}")
    office = Office(Table())
    fifos = {}
    for name, kinds in FIFOS.items():
        if os.path.lexists(name):
            os.unlink(name)
        os.mkfifo(name, 0o600)
        # Read and write: so it has a writer, and never ends.
        fifos[os.open(name, os.O_RDWR | os.O_NONBLOCK)] = kinds
    print("ready box-office", directory, flush=True)
    threads = [
        threading.Thread(target=serve, args=(office, fd, kinds, wake, waker))
        for fd, kinds in fifos.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    finish(office, fifos)
    sys.exit(2 if office.failed else 0)


main()
