"""Question 4: a thread for each request. Requests come through one POSIX queue.

A request is JSON: {"me": PID, "what": "all" | "one" | "buy", "show": "...", "seats": n}.
The reply goes to the queue /seats-PID, which the client makes for this one request.
"""
import json
import os
import signal
import threading

from mqueue import Queue, unlink

NAME = "/seats"
shows = {"alpha": 160, "beta": 44, "gamma": 72, "delta": 9}
lock = threading.Lock()


def decide(request):
    show, seats = request.get("show"), request.get("seats")
    with lock:
        if request["what"] == "all":
            return {"all": shows}
        if not isinstance(show, str) or show not in shows:
            return {"no": "unknown show"}
        if request["what"] == "one":
            return {"left": shows[show]}
        if type(seats) is not int or seats <= 0:
            return {"no": "bad number of seats"}
        if seats > shows[show]:
            return {"no": f"{shows[show]} left"}
        shows[show] -= seats
        return {"bought": seats}


def serve(request):
    reply = json.dumps(decide(request))
    print(threading.current_thread().name, request, reply, flush=True)
    try:
        queue = Queue(f"/seats-{request['me']}", os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        print("no queue of", request["me"], error.strerror, flush=True)
        return
    queue.unlink()  # its client has it open: so nothing stays, whatever becomes of the client
    try:
        queue.send(reply)
    except OSError as error:
        print("no reply for", request["me"], error.strerror, flush=True)
    queue.close()


def parse(text):
    try:
        request = json.loads(text)
    except ValueError:
        return None
    good = isinstance(request, dict) and type(request.get("me")) is int
    return request if good and request.get("what") in ("all", "one", "buy") else None


def receive(queue):
    """Until the empty message that the end sends; it has the lowest priority, so it comes last."""
    while text := queue.receive():
        request = parse(text)
        if request is not None:
            threading.Thread(target=serve, args=(request,), daemon=False).start()


def clean():
    unlink(NAME)
    try:
        names = os.listdir("/dev/mqueue")
    except OSError:
        return  # not mounted
    for name in names:
        if name.startswith("seats-"):
            unlink("/" + name)


def main():
    ends = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    clean()
    queue = Queue(NAME, os.O_RDWR, create=True)
    receiver = threading.Thread(target=receive, args=(queue,))
    receiver.start()
    print("open", flush=True)
    signal.sigwait(ends)
    unlink(NAME)  # nobody new
    queue.send("", priority=0)
    receiver.join()
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join()
    clean()
    print("closed", flush=True)


main()
