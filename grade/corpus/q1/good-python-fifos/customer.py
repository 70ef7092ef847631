#!/usr/bin/env python3
"""The customer's side of question 1: a small command line."""
import errno
import os
import secrets

REQUESTS = "boxoffice.pipe"
HELP = "shows | view CODE | book CODE SEATS | bye"


def ask(verb, *args):
    """Sends one request and waits for its answer; None when the box office is closed."""
    me, token = os.getpid(), secrets.token_hex(4)
    try:
        office = os.open(REQUESTS, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        if error.errno in (errno.ENXIO, errno.ENOENT):
            return None
        raise
    name = f"client.{me}"
    if os.path.exists(name):
        os.unlink(name)
    os.mkfifo(name, 0o600)
    mine = os.open(name, os.O_RDWR)
    try:
        os.write(office, " ".join([verb, str(me), token, *args]).encode() + b"\n")
        received = b""
        while True:
            received += os.read(mine, 4096)
            *lines, received = received.split(b"\n")
            for line in lines:
                got, _, text = line.decode().partition(" ")
                if got == token:
                    return text
    finally:
        os.close(mine)
        os.close(office)
        if os.path.exists(name):
            os.unlink(name)


def tell(text):
    status, _, rest = text.partition(" ")
    if status == "shows":
        for row in rest.split("|"):
            code, title, left = row.split(";")
            print(f"  {code}  {title:<14}{left:>4} seats")
    elif status == "left":
        print("Sold out." if rest == "0" else f"{rest} seats are free.")
    elif status == "booked":
        print(f"Booked, enjoy the play! ({rest} left)")
    elif status == "short":
        print(f"Sorry, only {rest} seats are free.")
    elif status == "unknown":
        print("Sorry, we have no such play.")
    else:
        print("Sorry, I do not understand.")


def order(line):
    words = line.split()
    if not words:
        return True
    verb, args = words[0].lower(), [word.upper() for word in words[1:]]
    if verb == "bye":
        return False
    sizes = {"shows": 0, "view": 1, "book": 2}
    if verb not in sizes or len(args) != sizes[verb] or len(line) > 80:
        print(HELP)
        return True
    text = ask(verb.upper(), *args)
    if text is None:
        print("The box office is closed.")
        return True
    tell(text)
    return True


def main():
    print("Welcome!", HELP)
    try:
        while order(input("> ")):
            pass
    except (EOFError, KeyboardInterrupt):
        print()
    print("Good bye.")


main()
