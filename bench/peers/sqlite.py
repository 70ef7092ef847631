"""The box office's questions to SQLite, in this process: one client, no server, no network.

sqlite.py create|describe|left|ask DIR. `ask` speaks as every client process of the bench does: a line of JSON for
each order, and one for what became of it.
"""

import json
import resource
import sqlite3
import sys
import time

SHOWS, SEATS = 8, 2_000_000_000


def connect(folder):
    database = sqlite3.connect(folder + "/shows.sqlite", isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    return database


def create(database):
    database.execute("CREATE TABLE shows (id INTEGER PRIMARY KEY, seats INTEGER NOT NULL)")
    rows = [(show, SEATS) for show in range(1, SHOWS + 1)]
    database.executemany("INSERT INTO shows VALUES (?, ?)", rows)


def describe(database):
    pragma = lambda name: database.execute("PRAGMA " + name).fetchone()[0]
    level = {0: "OFF", 1: "NORMAL", 2: "FULL", 3: "EXTRA"}[pragma("synchronous")]
    print(sqlite3.sqlite_version)
    print(
        f"journal_mode {pragma('journal_mode')}, synchronous {level}, one process calls it by Python "
        f"{sys.version.split()[0]}, one transaction a reservation"
    )


def left(database):
    print(database.execute("SELECT sum(seats) FROM shows").fetchone()[0])


def view(database, show):
    assert database.execute("SELECT seats FROM shows WHERE id = ?", (show,)).fetchone()[0] >= 0


def reserve(database, show):
    # Outside of a transaction each statement is one, and is on disk when it returns.
    sold = database.execute("UPDATE shows SET seats = seats - ? WHERE id = ? AND seats >= ?", (1, show, 1))
    assert sold.rowcount == 1


def trial(database, order):
    question = {"view": view, "reserve": reserve}[order["question"]]
    samples, asked = {}, 0
    end, count = order["length"].get("Until"), order["length"].get("Count")
    while time.monotonic_ns() < order["begin_ns"]:
        time.sleep(1e-4)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    before = time.monotonic_ns()
    while True:
        question(database, 1 + asked % SHOWS)
        asked += 1
        after = time.monotonic_ns()
        # In tenths of a microsecond: as many digits as mean something.
        latency = (after - before) // 100 * 100
        samples[latency] = samples.get(latency, 0) + 1
        before = after
        if asked == count or (end is not None and after >= end):
            break
    used = resource.getrusage(resource.RUSAGE_SELF)
    usage = {
        "cpu_us": (used.ru_utime + used.ru_stime - usage.ru_utime - usage.ru_stime) * 1e6,
        "switches": float(used.ru_nvcsw + used.ru_nivcsw - usage.ru_nvcsw - usage.ru_nivcsw),
        "faults": float(used.ru_minflt + used.ru_majflt - usage.ru_minflt - usage.ru_majflt),
    }
    return {"samples": sorted(samples.items()), "elapsed_ns": before - order["begin_ns"], "usage": usage}


def ask(database):
    print('"Ready"', flush=True)
    for line in sys.stdin:
        try:
            answer = {"Done": trial(database, json.loads(line))}
        except Exception as error:
            answer = {"Failed": f"SQLite: {error!r}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    what, folder = sys.argv[1:]
    {"create": create, "describe": describe, "left": left, "ask": ask}[what](connect(folder))
