# Verdicts.
verdict-pass = pass
verdict-fail = fail
verdict-timeout = time-out
verdict-crash = crash
verdict-skipped = skipped
verdict-flaky = flaky
verdict-not_judged = not judged

# Parts of a verdict.
part-expected = Expected: { $what }
part-actual = Seen: { $what }
part-evidence = What was typed and shown, and what the kernel says:
part-runs = Run again: { $runs }.
part-hint = Hint: { $hint }
isolation-none = No namespaces can be made here (isolation: none): the programs ran as you, beside all others.

# Items: the question that each asks.
item-builds = Can it be built?
    .hint = Run the build command yourself, in a fresh copy of the folder.
item-starts = Does it start, and wait for requests?
    .hint = Start it yourself in a fresh copy of the folder, and look at what it prints.
item-consultation = Does it show how many seats are left?
    .hint = Type the same keys yourself, and compare with what the assignment says is shown.
item-reservation = Does a reservation take exactly its seats?
    .hint = Reserve two seats, then look at the count with a second client.
item-refusals = Does it refuse what cannot be reserved?
    .hint = Check the show and the number in the server, before it changes the table.
item-many-clients = Does it serve many clients, and sell no seat twice?
    .hint = Check and change the count in one step, in one place, under one lock.
item-mechanism = Do requests and answers travel by what the question asks for?
    .hint = Use `ipctop --once` while your client waits: it shows the object it waits for.
item-survives = Does it survive clients that die or do not listen?
    .hint = Look at every result of write, send and msgsnd; ignore SIGPIPE.
item-leaves-nothing = Does it leave nothing behind when it is ended?
    .hint = Handle SIGINT and SIGTERM, and remove each object there: `ipcs` and `ls` show them.
