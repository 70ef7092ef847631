"""Question 4: the client. The table is shown before each order."""
import json
import os
import sys

from mqueue import Queue, unlink


def ask(what, **more):
    try:
        office = Queue("/seats", os.O_WRONLY)
    except OSError:
        sys.exit("The office is closed.")
    name = f"/seats-{os.getpid()}"
    unlink(name)  # of somebody who had this PID before
    mine = Queue(name, os.O_RDONLY, create=True)
    try:
        office.send(json.dumps({"me": os.getpid(), "what": what, **more}))
        return json.loads(mine.receive())
    finally:
        mine.unlink()
        mine.close()
        office.close()


def number(text):
    try:
        return int(text[:20])
    except ValueError:
        return None


def view():
    answer = ask("one", show=input("Show: ").strip()[:40])
    print(f"{answer['left']} seats left." if "left" in answer else answer["no"].capitalize() + ".")


def buy():
    show = input("Show: ").strip()[:40]
    seats = number(input("Seats: "))
    if seats is None:
        print("No sale: that is not a number.")
        return
    answer = ask("buy", show=show, seats=seats)
    if "bought" in answer:
        print(f"Sold! {answer['bought']} tickets for {show}.")
    else:
        print(f"No sale: {answer['no']}.")


def main():
    while True:
        tonight = ask("all")["all"]
        print("\nTonight:", ", ".join(f"{show} ({left})" for show, left in tonight.items()))
        choice = input("1 view, 2 buy, 3 leave: ").strip()
        if choice == "1":
            view()
        elif choice == "2":
            buy()
        elif choice == "3":
            return


try:
    main()
except (EOFError, KeyboardInterrupt):
    print()
