#!/usr/bin/env python3
"""Box office, question 1: one process that reads text requests from a named pipe.

Requests, a line each:
    VIEW <pid> <token> <code>
    BOOK <pid> <token> <code> <seats>
    SHOWS <pid> <token>
Answer: <token> <status> <text>, written to the named pipe client.<pid>, which the client makes.
"""
import glob
import os
import signal
import sys
import threading

REQUESTS = "boxoffice.pipe"
SHOWS = {
    "HAM": ["Hamlet", 70],
    "OTH": ["Othello", 140],
    "LEA": ["King Lear", 25],
    "TEM": ["The Tempest", 90],
}


def view(code):
    if code not in SHOWS:
        return "unknown " + code
    return f"left {SHOWS[code][1]}"


def book(code, seats):
    if code not in SHOWS:
        return "unknown " + code
    try:
        wanted = int(seats)
    except ValueError:
        return "invalid"
    if wanted < 1:
        return "invalid"
    if wanted > SHOWS[code][1]:
        return f"short {SHOWS[code][1]}"
    SHOWS[code][1] -= wanted
    return f"booked {SHOWS[code][1]}"


def shows():
    return "shows " + "|".join(f"{code};{title};{left}" for code, (title, left) in SHOWS.items())


def answer(line):
    words = line.split()
    if len(words) < 3 or not words[1].isdigit():
        return
    verb, pid, token, args = words[0], words[1], words[2], words[3:]
    if verb == "VIEW" and len(args) == 1:
        text = view(args[0])
    elif verb == "BOOK" and len(args) == 2:
        text = book(*args)
    elif verb == "SHOWS":
        text = shows()
    else:
        text = "invalid"
    print(line, "->", text, flush=True)
    reply(pid, f"{token} {text}\n")


def reply(pid, text):
    """Never waits: a client that is gone has no reader on its pipe (ENXIO)."""
    name = f"client.{pid}"
    try:
        pipe = os.open(name, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        print("client", pid, "is gone:", error.strerror, flush=True)
        pipe = -1
    try:
        os.unlink(name)
    except FileNotFoundError:
        pass
    if pipe == -1:
        return
    try:
        os.write(pipe, text.encode())
    except OSError as error:
        print("client", pid, "does not read:", error.strerror, flush=True)
    finally:
        os.close(pipe)


def serve(pipe):
    rest = b""
    while True:
        rest += os.read(pipe, 4096)
        *lines, rest = rest.split(b"\n")
        for line in lines:
            answer(line.decode("utf-8", "replace"))
        if len(rest) > 4096:
            rest = b""


def clean():
    for name in [REQUESTS, *glob.glob("client.[0-9]*")]:
        try:
            os.unlink(name)
        except FileNotFoundError:
            pass


def main():
    stops = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    clean()
    os.mkfifo(REQUESTS, 0o600)
    try:
        pipe = os.open(REQUESTS, os.O_RDWR)  # our own writing end: reads never see the end of file
        threading.Thread(target=serve, args=(pipe,), daemon=True).start()
        print("open", flush=True)
        signal.sigwait(stops)
    finally:
        clean()
    print("closed", flush=True)
    os._exit(0)  # the reading thread sleeps in read


if __name__ == "__main__":
    sys.exit(main())
