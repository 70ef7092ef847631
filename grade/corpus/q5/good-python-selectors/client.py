"""Ticket client: shows the table, does one thing, ends. Usage: client.py HOST"""
import json
import socket
import sys

PORT = 5000


def ask(stream, **question):
    stream.write(json.dumps(question) + "\n")
    stream.flush()
    line = stream.readline()
    if not line.endswith("\n"):
        sys.exit("The server has gone.")
    return json.loads(line)


def number(prompt):
    try:
        return int(input(prompt))
    except ValueError:
        sys.exit("Not done: that is no number.")


def main(host):
    with socket.create_connection((host, PORT)) as sock, sock.makefile("rw") as stream:
        for show in ask(stream, do="list")["shows"]:
            print(f"#{show['id']} {show['name']}, {show['left']} left")
        action = input("(v)iew, (b)ook or anything else to leave? ").strip()
        if action == "v":
            answer = ask(stream, do="view", show=number("Show? "))
        elif action == "b":
            show = number("Show? ")
            answer = ask(stream, do="book", show=show, seats=number("Seats? "))
        else:
            return
        if "error" in answer:
            print("Not done:", answer["error"])
        elif "booked" in answer:
            print("Done. Your", answer["booked"], "seats are waiting for you.")
        else:
            print("Seats left:", answer["left"])


try:
    main(sys.argv[1] if len(sys.argv) > 1 else "localhost")
except (EOFError, KeyboardInterrupt):
    print()
except OSError as error:
    sys.exit(f"No server: {error}")
