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
part-runs = All runs: { $runs }.
part-hint = Hint: { $hint }
isolation-none = No namespaces can be made here (isolation: none): the programs ran as you, beside all others.

# Items: the question that each asks.
item-builds = Can it be built?
    .hint = Run the build command yourself, in a fresh copy of the folder.
item-starts = Does it start, and wait for requests?
    .hint = Start it yourself in a fresh copy of the folder, and look at what it prints.
item-consultation = Does it show the seats that are left?
    .hint = Type the same keys yourself, and compare with what the assignment says is shown.
item-reservation = Does it take exactly the seats asked for?
    .hint = Reserve two seats, then look at the whole table with a second client: has another show changed, or none?
item-refusals = Does it refuse what cannot be reserved?
    .hint = Check the show and the number in the server, before it changes the table. If the client dies, look for printf(text) with what was typed, and for NULL from fgets or strtok.
item-many-clients = Many clients: is no seat sold twice?
    .hint = Check and change the count in one step, in one place, under one lock.
item-mechanism = Does it use the mechanism asked for?
    .hint = Use `ipctop --once` while your client waits: it shows the object it waits for.
item-survives = Does it survive clients that die?
    .hint = Look at every result of write, send and msgsnd; ignore SIGPIPE.
item-another-machine = Is it reached from another machine?
    .hint = Bind to INADDR_ANY, and have the client connect to the address that it is given.
item-leaves-nothing = Does it leave nothing behind?
    .hint = Handle SIGINT and SIGTERM, and remove each object there: `ipcs` and `ls` show them.

# What a client is doing.
doing-open = while it started
doing-list = while it showed the table
doing-view = while it showed the seats of one show
doing-reserve = while it reserved
doing-odd = after an odd input ({ $input })
ended-with = exit status: { $code }
ended-by = signal: { $signal } ({ $name })
odd-lost = { $input }: { $cause }

# Odd inputs.
odd-too-many = more seats than are left
odd-unknown = a show that is not there
odd-zero = 0 seats
odd-negative = -1 seats
odd-huge = 2147483648 seats, which is 2^31
odd-letters = letters for a number
odd-format = %s%n, a format of printf, for a number
odd-empty = an empty line for a number
odd-end = the end of input (Ctrl-D) instead of a number

# When a client is served.
seen-unchanged = { $input }: { $left } seats left, as before
after-killed = { $count } clients were killed
after-stopped = some clients are stopped and do not read their answers
after-unread = { $count } answers were not read
after-requests = { $count } requests

# Objects.
object-none = nothing
object-msg = a message queue
object-mqueue = a POSIX message queue
object-pipe = a pipe or FIFO
object-socket = a socket
object-sem = a semaphore
object-shm = shared memory
object-mutex = a mutex
object-process = a process
object-zombie = a zombie
object-file = a file

workers-two-threads = two threads of one process, which stay
workers-thread-per-request = a new thread for each request
workers-process-per-request = a new process for each request

# Faults: the cause, what was expected, what was seen, and where to look.
fault-grader = The grader cannot { $what }: { $error }
fault-skipped = Not asked, because { $id } is lost: { $item }
fault-flaky = It passes sometimes only. When it lost: { $cause }
    .hint = Something depends on who is faster. Look for a wait that is missing, or a lock.
fault-build = The build command fails.
    .expected = `{ $command }` ends with status 0
    .actual = { $status }
    .hint = Mend the first line with the word error: it names the file and the line. Then run the command in a fresh copy of the folder.
fault-no-sources = There is nothing to build, and no { $program }.
    .expected = a Makefile, a Cargo.toml, C files with a main, or the programs themselves
    .hint = Look whether your files are in the folder that you hand in.
fault-build-slow = The build command does not end.
    .expected = `{ $command }` ends within { $budget } s
    .actual = it was still running
fault-build-kept = What the build has made cannot be copied: { $error }.
    .expected = a program of a student
    .hint = Look what the build command makes.
fault-time-over = The { $budget } s for the whole question were over before this was asked.
    .hint = Look for waits and loops that make every answer late.
fault-not-started = `{ $command }` cannot be started: { $error }
    .expected = a program of this name after the build
    .hint = Look at the name of the program, and whether the build makes it in this folder.
fault-server-ended = The server ends instead of waiting for requests.
    .expected = a server that waits
    .actual = { $status }
    .hint = An object from another run may be in its way: the grader starts it with none.
fault-not-ready = The server runs, but does not wait for a request.
    .expected = it waits in msgrcv, accept, read, open of a FIFO or the like within { $budget } ms
    .actual = where its threads are is below
fault-line-unsaid = The server waits for a request, but has not printed its line.
    .expected = the line within { $budget } ms
    .hint = Output to a file stays in the buffer of stdio: fflush(stdout).
fault-client-lost = The client cannot be started: { $error }
fault-client-ended = The client ended { $doing }: { $status }.
    .expected = it goes on, or ends by itself when it is told to
    .actual = { $status }
fault-asks = The client waited for more input { $doing }.
fault-flood = The client printed without end { $doing }.
    .expected = one answer, then it waits for the next choice
    .actual = more than 200 kB
    .hint = Look at what scanf, read or fgets return: at the end of input, or at letters, the same input is read again and again.
fault-silent = The client was silent or busy { $doing }, until its time was over.
    .expected = an answer within { $budget } ms
    .actual = none after { $used } ms; below is where each process waits
    .hint = Look where the server waits. In futex or semop, nobody has released a lock or semaphore. In msgrcv, read or accept, it got no request or sent no answer: look at what msgsnd or write returned.
fault-no-list = The client shows no table.
    .expected = after { $typed }: lines that match { $pattern }
    .actual = the last lines of the terminal are below
fault-no-view = The client does not show how many seats a show has left.
    .expected = after { $typed }: text that matches { $pattern }
    .actual = the last lines of the terminal are below
fault-no-answer = The client says neither that the reservation was made nor that it was refused.
    .expected = after { $typed }: text that matches { $pattern }
    .actual = the last lines of the terminal are below
    .hint = If the terminal shows another error, compare the request that the client sends with the one that the server expects, and its port or queue. Else change the words.
fault-refused = A reservation was refused, although there are seats.
    .expected = after { $typed }: the reservation is made
    .actual = it was refused
fault-two-counts = The table and the view of one show disagree.
    .expected = show { $show } has { $listed } seats, as in the table
    .actual = { $viewed }
fault-few-seats = There are too few seats to ask: no show has { $needed }.
    .expected = a table with a show of at least { $needed } seats after each fresh start
fault-wrong-count = The count is wrong after a reservation.
    .expected = show { $show } had { $before } seats, { $seats } were reserved: { $wanted } are left
    .actual = { $left }
fault-not-refused = It confirms { $input }.
    .expected = it refuses
    .actual = it says that the reservation was made
fault-refusal-unsaid = It does not say that it refuses { $input }.
    .expected = the words of a refusal
    .actual = the last lines of the terminal are below
fault-count-changed = The count changed after { $input }.
    .expected = { $before } seats are left, as before
    .actual = { $left }
fault-server-died-of = The server ended after { $input }.
    .expected = it goes on
    .actual = { $status }
fault-server-gone = The server has ended ({ $status }). So: { $cause }
    .hint = Look at the last lines of the server: which client, or which thread, ends it?
fault-oversold = More seats were sold than there were.
    .expected = show { $show } had { $start } seats: no more than { $start } are confirmed, and no count is negative
    .actual = { $confirmed } confirmed, { $left } left
    .hint = Two reservations saw the same count. Check and change it under one lock.
fault-sold-not-counted = Seats were confirmed that are not missing from the count.
    .expected = { $confirmed } confirmed seats are gone from the { $start } of show { $show }
    .actual = { $left } are left: { $gone } are gone
    .hint = One reservation has overwritten another's count: read and write it under one lock.
fault-counted-not-sold = More seats are gone than were confirmed.
    .expected = at most { $confirmed } confirmed and { $unknown } unknown are gone from the { $start } of show { $show }
    .actual = { $left } are left: { $gone } are gone
fault-all-refused = Every reservation of many clients was refused, although seats are left.
    .expected = some of them are made
    .actual = { $left } of { $start } seats are left, none confirmed
fault-wrong-answer = Two clients wait for their answers, and each hears the other's, or one hears both.
    .expected = the first hears that its seat is reserved, the second that it asked for too many
    .hint = An answer must name whom it is for: the PID as the type of the message, or a channel for each client.
fault-not-in-order = The second of two requests is served before the first.
    .expected = the first client, who asked for all seats, is told yes, and the second no
    .hint = msgrcv with a negative type takes the smallest type first; type 0 takes them as they came.
fault-not-kept = The table is not kept over a crash of the server.
    .expected = show { $show } had { $before } seats, one was reserved, the server was killed and started again: { $wanted } are left
    .actual = { $left }
    .hint = Write the table to its file before the answer is sent.
fault-mechanism = Requests do not travel by { $wanted }.
    .expected = while the server is stopped, the client waits for { $wanted }, which holds its request
    .actual = it waits for { $awaited }; bytes are in: { $loaded }
    .hint = Send each request through { $wanted }, and the client must wait there for its answer. While it waits, `ipctop --once` shows where.
fault-same-message = The message in the queue is not the request.
    .expected = another message for another request
    .actual = the same one both times
fault-key = The queue has the key -1: ftok failed, and nobody looked.
    .expected = a key that ftok made, a fixed one, or IPC_PRIVATE
    .actual = 0xffffffff, the key of everybody who makes this mistake
    .hint = ftok needs a file that is there: print its path, and look at what ftok returns.
fault-workers = Requests are not served as the question asks.
    .expected = { $wanted }
    .actual = during { $requests } requests { $made } tasks were made; { $stayed } threads stay, { $receivers } of them receive, { $active } of them serve, in { $processes } processes
    .hint = Threads that stay are made before the loop that receives. A thread or process for each request is made inside the loop, after the request has come.
fault-not-served = After { $after }, a new client is not served. { $cause }
fault-other-answer = After { $after }, a new client is told something else than it asked.
    .expected = show { $show } has { $before } seats, as nobody has reserved any
    .actual = { $left }
    .hint = Somebody reads the answer that was for a client that is gone. An answer must name whom it is for.
fault-kept = After { $count } clients that are gone, the server still has { $what } of them.
    .expected = it gives back what a client needs when the client has gone
    .actual = { $grown } more than before these clients
    .hint = Detach or join threads, close descriptors, wait for children.
fault-no-rest = The server is busy, although there is no client.
    .expected = it waits for a request
    .actual = it runs without end
    .hint = Look at what read, recv or msgrcv return: 0 is the end of file, -1 an error, and both come at once again.
kept-threads = threads
kept-descriptors = open descriptors
kept-mappings = stacks of threads that have ended
kept-zombies = zombies
fault-no-end = { $signal } does not end the server.
    .expected = it ends within { $budget } ms
    .actual = it still runs
fault-left-behind = Something stays when { $signal } has ended the server.
    .expected = nothing
    .actual = { $left }

note-refused = The submission's grade.toml sets { $keys }, which is not its to set: ignored.

# Pages about a course.
page-overview = Marks
page-student = Student
page-sum = Sum
page-nothing = Nothing was handed in.

# A dialogue that is tried.
trial-apart = The programs run as you, in a copy of the folder, with queues and shared memory of their own.
trial-bare = The programs run as you, in a copy of the folder, beside all your other programs.
trial-waits = it waits for requests
trial-asks = the client asks what to do
trial-rows = { $count ->
    [one] { $count } show: { $rows }
   *[other] { $count } shows: { $rows }
    }
trial-left = { $seats ->
    [one] show { $show } has { $seats } seat left
   *[other] show { $show } has { $seats } seats left
    }
trial-not-asked = not tried: seats_max says that the client itself refuses it
trial-ends = the client ends
fault-trial-no-match = Nothing matches `{ $pattern }`; the terminal showed:
fault-trial-stays = The client does not end after { $typed }; the terminal showed:
trial-good = The dialogue works.
trial-not-good = The dialogue does not work: mend the lines that are marked with !.
trial-another = Press Enter to end, or type n and Enter to write a new dialogue.
trial-begin = Press Enter to open the client and write a new dialogue, or type q and Enter to end.
trial-person = The client is on your terminal now. Ctrl-] says that what you were asked for is done.
trial-do = ({ $at }/{ $of }) { $what }
trial-do-open = Go to the menu, if you are not there yet; then press Ctrl-].
trial-do-list = Show the table of all shows, and press Ctrl-] when it is there; at once, if it is on the start screen.
trial-do-view = Look at the seats of one show, then press Ctrl-]; at once, if only the table says them.
trial-do-done = Reserve 1 seat of that show, then press Ctrl-].
trial-do-refused = Reserve more seats of it than there are, then press Ctrl-].
trial-do-quit = Leave the client.
trial-proposal = Paste this into the assignment, in the place of the dialogue there:
trial-missing = { $key }: nothing that was shown tells it. Write it yourself, or try again with a show of the table.
trial-not-whole = The dialogue is not whole: the lines that begin with # are missing.
trial-written = Written into { $path }.

# The wire door: its items, and what a broken promise is told.
item-wire-starts = Does it start and stop by the protocol?
    .hint = Start `SERVER --dir DIR` yourself: it prints `ready NAME WHERE`, flushed, stays in the foreground, and ends by SIGTERM with 0.
item-wire-answers = Answers: are they those of the protocol?
    .hint = Compare the bytes of this reply with the tables of docs/PROTOCOL.md, field by field.
item-p3-not-oversold = Many clients: is no seat sold twice?
    .hint = Check and change the count in one step, under one lock, or in one thread only.
item-p4-linearizable = Many clients: do all see one table?
    .hint = Copy the whole table under the lock that a reservation takes, and answer from the copy.
item-p8-clean-stop = Clean stop: is nothing lost or left?
    .hint = On SIGTERM answer what you have decided, remove every object that you made, and exit with 0 within 2 s.
item-p9-one-server = Clean start: one server for each DIR?
    .hint = Take flock(2) on DIR/lock with LOCK_EX | LOCK_NB first of all; if it is taken, say so and exit.
item-p7-hostile = Hostile clients: are others served?
    .hint = Never wait for one client: send without blocking, check every length, and ignore SIGPIPE.
item-p2-at-most-once = Hostile clients: each request once?
    .hint = Change the count once for each request, whether its client hears the answer or not.
item-p1-durable = Durable: is OK said after the sync?
    .hint = Write the new count into DIR/spectacles.dat, call fdatasync(2), and send OK only when it has returned 0.
item-p5-not-early = Durable: is no count shown too early?
    .hint = Let readers see the new count only when its sync has returned: publish it after fdatasync(2).
item-p6-failed-sync = Durable: is a failed sync the end?
    .hint = Look at what fdatasync(2) returns. After an error answer UNAVAILABLE, never OK, and exit with an error.
fault-promise = Broken ({ $promise }, { $check }). Done: { $sent }
fault-promise-slow = The check { $check } does not end.
    .expected = it ends within { $budget } s
    .actual = it was still running
fault-promise-killed = While { $check } was asked, something has killed the program that asks.
    .expected = a server that signals its own processes only
    .hint = Look at each kill(2): 0 and -1 are not one process, and neither is a PID of somebody else.
part-page = Explained: { $page }
# Findings: items without points of their own.
item-idle = Is the processor free while nobody asks?
    .hint = Wait in a call that sleeps until something comes: msgrcv, read, accept, poll.
item-view-only = Does a mere view reserve nothing?
    .hint = Print the words of a confirmation after the server has confirmed, and nowhere else.
item-two-servers = Does a second server harm the first?
    .hint = Take a key of your own: ftok of a file in your folder. If the object is in use, say so and end.
item-restarts = Does it start again after a crash?
    .hint = At the start, remove what a dead server has left, or take it over; SO_REUSEADDR for a port.
item-warnings = Does the compiler warn of nothing?
    .hint = Build with -Wall, and mend the first warning first.
item-asan = Does AddressSanitizer find nothing?
    .hint = Build with -fsanitize=address -g, and run the same dialogue.
item-ubsan = Is nothing done that C does not define?
    .hint = Build with -fsanitize=undefined -g, and run the same dialogue.
item-tsan = Are threads free of data races?
    .hint = Build with -fsanitize=thread -g; take one lock around each use of the table.
fault-spins = A program runs all the time while nobody asks: { $name }
    .expected = at most { $max } % of one processor in a second without requests
    .actual = { $percent } %
fault-view-confirms = The client shows the words of a confirmation, although nothing was reserved.
    .expected = after { $typed }: nothing that matches `done`
    .actual = { $found }
fault-view-changes = Clients only looked, and the count has changed.
    .expected = show { $show } has { $before } seats
    .actual = { $left }
fault-two-servers = Since a second server was started in another folder, the first one's clients see another count.
    .expected = show { $show } has { $wanted } seats
    .actual = { $left }
fault-second-server = A second server was started in another folder; now the first one's clients are not served. { $cause }
fault-restart = The server was killed with a request on its way, and started again among: { $stale }. { $cause }
fault-warnings = { $count ->
    [one] The compiler warns once.
   *[other] The compiler warns { $count } times.
    }
fault-only-sanitized = Built with { $flag } it does not work any more: memory may hold anything where nothing was written. { $cause }
fault-asan = AddressSanitizer reports memory that is used wrongly.
    .expected = no report
    .actual = { $count ->
        [one] one report; it names the line
       *[other] { $count } reports; each names the line
    }
fault-ubsan = UndefinedBehaviorSanitizer reports what C does not define.
    .expected = no report
    .actual = { $count ->
        [one] one report; it names the line
       *[other] { $count } reports; each names the line
    }
fault-tsan = Two threads use the same memory, one of them writes, and no lock orders them.
    .expected = no report of ThreadSanitizer
    .actual = { $count ->
        [one] one report; it names both lines
       *[other] { $count } reports; each names both lines
    }
item-keys = Are keys made by ftok of a file?
    .hint = key_t key = ftok("server.c", 'A'); look whether it is -1 before msgget.
fault-key-failed = { $kind } has the key -1: ftok has failed, and nobody looked at its result.
    .expected = ftok of a file that is there
    .actual = { $key }, the key of every program whose ftok fails
fault-key-fixed = { $kind } has a fixed key, which another program may have chosen, too.
    .expected = ftok of a file of the submission, or IPC_PRIVATE
    .actual = { $key }, ftok of no file in sight
item-threads-end = Do threads give back what they took?
    .hint = pthread_detach each thread that nobody waits for, or pthread_join it; let its function return.
fault-threads-leak = The server grows with each request.
    .expected = after the first { $requests } reservations, { $requests } more add no memory and no thread
    .actual = { $kib } KiB and { $threads } threads more, each time
fault-answered = Requests are not answered as the question asks.
    .expected = { $wanted }, made after the request has been received
    .actual = of { $requests } requests, { $threads } are answered by such a thread, { $processes } by such a process
    .hint = Receive a request first; then call pthread_create, or fork if processes are asked for. The new one itself sends the answer.
item-durable = Is the table on the disk before the answer?
    .hint = fflush, then fsync or fdatasync, look at its result, and only then send the answer.
fault-never-synced = A reservation was confirmed, and nothing was synced: after a power cut it may be lost.
    .expected = fsync, fdatasync or msync(MS_SYNC) between the request and its answer
    .actual = none of them
fault-synced-late = The answer is sent before the table is on the disk.
    .expected = the answer waits for the sync, which was held up for { $delay } ms
    .actual = it came { $after } ms after the sync had begun
