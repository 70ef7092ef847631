"""Ticket server: one thread, a selector, one line of JSON each way."""
import json
import selectors
import signal
import socket
import sys

PORT = 5000
LINE_MAX = 1000
SHOWS = [
    {"id": 101, "name": "Jazz night", "left": 155},
    {"id": 102, "name": "Chess final", "left": 20},
    {"id": 103, "name": "Magic show", "left": 110},
    {"id": 104, "name": "Film: Metropolis", "left": 35},
]


class Customer:
    def __init__(self, sock):
        self.sock = sock
        self.received = b""
        self.unsent = b""


def decide(question):
    if not isinstance(question, dict):
        return {"error": "bad request"}
    if question.get("do") == "list":
        return {"shows": SHOWS}
    found = [show for show in SHOWS if show["id"] == question.get("show")]
    if not found:
        return {"error": "no such show"}
    show = found[0]
    if question.get("do") == "view":
        return {"left": show["left"]}
    seats = question.get("seats")
    if question.get("do") != "book" or type(seats) is not int or seats <= 0:
        return {"error": "bad request"}
    if seats > show["left"]:
        return {"error": f"only {show['left']} left"}
    show["left"] -= seats
    print(f"show {show['id']}: {seats} sold, {show['left']} left", flush=True)
    return {"booked": seats}


def drop(selector, customer):
    selector.unregister(customer.sock)
    customer.sock.close()


def receive(selector, customer):
    try:
        data = customer.sock.recv(4096)
    except BlockingIOError:
        return
    except OSError:
        data = b""
    customer.received += data
    if not data or len(customer.received) > LINE_MAX and b"\n" not in customer.received:
        drop(selector, customer)
        return
    *lines, customer.received = customer.received.split(b"\n")
    for line in lines:
        try:
            question = json.loads(line)
        except ValueError:
            question = None
        customer.unsent += json.dumps(decide(question)).encode() + b"\n"
    send(selector, customer)


def send(selector, customer):
    """Sends what the socket takes. Whoever does not read is neither waited for nor served."""
    try:
        if customer.unsent:
            customer.unsent = customer.unsent[customer.sock.send(customer.unsent):]
    except BlockingIOError:
        pass
    except OSError:
        drop(selector, customer)
        return
    wanted = selectors.EVENT_WRITE if customer.unsent else selectors.EVENT_READ
    selector.modify(customer.sock, wanted, customer)


def welcome(selector, listener):
    try:
        sock, _ = listener.accept()
    except OSError:
        return
    sock.setblocking(False)
    selector.register(sock, selectors.EVENT_READ, Customer(sock))


def main():
    waker, wakened = socket.socketpair()
    for sock in (waker, wakened):
        sock.setblocking(False)
    signal.set_wakeup_fd(waker.fileno())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    selector = selectors.DefaultSelector()
    with socket.create_server(("", PORT), backlog=64) as listener:
        listener.setblocking(False)
        selector.register(listener, selectors.EVENT_READ, listener)
        selector.register(wakened, selectors.EVENT_READ, wakened)
        print("listening on port", PORT, flush=True)
        while True:
            for key, events in selector.select():
                if key.data is wakened:
                    print("stopping", flush=True)
                    return
                if key.data is listener:
                    welcome(selector, listener)
                elif events & selectors.EVENT_READ:
                    receive(selector, key.data)
                else:
                    send(selector, key.data)


sys.exit(main())
