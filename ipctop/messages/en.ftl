# What a process does.
does-stopped = is stopped
does-unknown = does something that cannot be seen
does-wait = waits in { $call }
does-run = runs
some-child = a child of it
n-messages = { $count ->
    [one] { $count } message
   *[other] { $count } messages
}

# Findings: a sentence, and what to do next.
stopped = { $process } is stopped: it does nothing until it is continued.
    .next = kill -CONT { $pid }
stopped-holds-lock = { $process } is stopped and holds the lock of { $object }, for which { $waiters } waits.
    .next = kill -CONT { $pid }
stopped-holds-mutex = { $process } is stopped and holds a mutex, for which { $waiters } waits.
    .next = kill -CONT { $pid }
stopped-holds-semaphore = { $process } is stopped and was the last to change semaphore set { $semid }, for which { $count ->
    [one] one thread waits
   *[other] { $count } threads wait
}.
    .next = kill -CONT { $pid }
stopped-has-messages = { $process } is stopped, and { $count ->
    [one] one message waits
   *[other] { $count } messages wait
} in queue { $object }, from which it receives.
    .next = kill -CONT { $pid }
stopped-has-bytes = { $process } is stopped, and { $count ->
    [one] one byte waits
   *[other] { $count } bytes wait
} for it in { $object }.
    .next = kill -CONT { $pid }
eof-never = { $process } reads { $object } and will never see its end: { $holder } still has a write end, descriptor { $descriptor }, and does not write.
    .next = close(2) that descriptor in { $holder }, right after fork(2)
eof-never-own = { $process } reads { $object } and will never see its end: it still has the write end itself, descriptor { $descriptor }.
    .next = close(2) descriptor { $descriptor } in { $process } before it reads
reply-lost = A reply is lost, everybody waits to receive and nothing is on its way: { $steps }.
    .next = { $how ->
        [socket] does one of them read until the end? The other must shutdown(2) its side, or send a length first
       *[other] look where the server ({ $pid }) sends its reply: to which type or FIFO, and does it test the result?
    }
nobody-answers = { $process } waits for a reply in queue { $object }, but process { $server }, which took its request, is dead.
    .next = start the server again, and give the client a time-out
cycle = A circle of waits, nobody can go on: { $steps }.
    .next = { $how ->
        [locks] take them in the same order everywhere
        [end] the reader waits for an end of the file: close(2) or shutdown(2) the write end before waiting for it
       *[other] let one of them ({ $pid }) read before it writes, or not wait (O_NONBLOCK, IPC_NOWAIT)
    }
queue-full-dead = { $process } waits in msgsnd: queue { $object } is full: { $bytes } of { $max } bytes, and it wants to send { $wanted }; { $count ->
    [one] one message is
   *[other] { $count } messages are
} for process { $owner }, which is dead.
    .next = ipctop, then p shows them; send with IPC_NOWAIT, and remove the messages of the dead
queue-full-unread = { $process } waits in msgsnd: queue { $object } is full: { $bytes } of { $max } bytes, and it wants to send { $wanted }; { $count ->
    [one] one message is
   *[other] { $count } messages are
} for { $reader }, which { $does } and does not read them.
    .next = ipctop --pid { $owner } shows what it does instead; send with IPC_NOWAIT
queue-full = { $process } waits in msgsnd: queue { $object } is full: { $bytes } of { $max } bytes, and it wants to send { $wanted }; nobody receives.
    .next = start the receiver, or remove the queue: ipcrm -q { $msqid }
posix-queue-full = { $process } waits in mq_send: queue { $object } is full, { $count } messages; its other users: { $does }.
    .next = start the receiver, or send with O_NONBLOCK
message-unwanted = { $count ->
    [one] One message
   *[other] { $count } messages
} of type { $type } in queue { $object }: nobody waits for that type. Who waits there: { $waits }.
    .next = compare the type in msgsnd with the type in msgrcv
queue-no-receiver = { $count ->
    [one] One message waits
   *[other] { $count } messages wait
} in queue { $object } and nobody receives: process { $receiver }, which did, is dead. { $process } sent last.
    .next = start the server again
key-shared = { $one } and { $other } are different programs and receive the same messages from queue { $object }: each takes what is for the other.
    .next = give ftok(3) another file or letter in one of them
key-minus-one = Queue { $id } has the key -1: ftok(3) has failed, and every program whose ftok fails shares this queue.
    .next = test the result of ftok: does its file exist?
fifo-opens = { $process } waits in open(2) of a FIFO until somebody opens the other side.
    .next = ls -l /proc/{ $pid }/cwd, and start the other side
fifo-no-writer = { $process } waits in open(2) to read { $object }: nobody has opened it for writing.
    .next = start the writer, or open with O_NONBLOCK
fifo-no-reader = { $process } waits in open(2) to write { $object }: nobody has opened it for reading.
    .next = start the reader; is the server running?
fifo-order = { $process } waits in open(2) of { $object }, and { $other } in open(2) of { $second }: each opens first what the other opens second.
    .next = open the FIFOs in the same order in both
fifo-gone = { $process } waits in { $call } at { $object }, whose name is gone or leads elsewhere: nobody can join it.
    .next = end { $process } (kill { $pid }), make the FIFO once, and start again
fifo-replaced = { $process } and { $other } both wait in open(2) of { $object }: it was removed and made again between them, they have different FIFOs.
    .next = make the FIFO once, before both open it
fifo-unlinked = { $process } waits in { $call } at { $object }, whose name is gone: nobody can open the other side any more.
    .next = end { $process } (kill { $pid }), and unlink only what nobody needs
pipe-full = { $process } waits in write: { $object } is full, { $bytes } bytes, and { $reader }, which should read it, { $does }.
    .next = ipctop --pid { $pid } shows what the reader does instead
pipe-no-reader = { $process } has the write end of { $object }, and nobody has a read end: its next write ends it by SIGPIPE.
    .next = close the write end, or ignore SIGPIPE and test for EPIPE
semaphore-untouched = { $process } waits for semaphore set { $id }, whose value is { $value }: nobody has ever changed it since it was made.
    .next = set its first value: semctl(SETVAL)
semaphore-not-zero = { $process } waits until semaphore set { $id } is 0, and its value is { $value }: somebody has still to take it.
    .next = compare the first value, semctl(SETVAL), with the number of processes that take it
semaphore-own = { $process } waits for semaphore set { $id }, whose value is { $value }, and was itself the last to change it: it takes it twice.
    .next = give it back before it is taken again
semaphore-dead = { $process } waits for semaphore set { $id }, whose value is { $value }: process { $last } changed it last and is dead.
    .next = use SEM_UNDO, so that the kernel gives back what a dead process took
semaphore-held = { $process } waits for semaphore set { $id }, whose value is { $value }: { $holder } changed it last and { $does }.
    .next = look at what the holder waits for: it took the semaphore and did not give it back
mutex-own = { $process }: thread { $tid } waits for a mutex that it has already: it locked it twice.
    .next = unlock it first, or make it PTHREAD_MUTEX_ERRORCHECK to be told
mutex-dead = { $process } waits for a mutex whose owner, thread { $tid }, is dead.
    .next = make it robust: pthread_mutexattr_setrobust(3)
mutex-cycle = { $process } waits for a mutex of thread { $holder }, which waits for one that this thread has.
    .next = lock the two in the same order everywhere
mutex-held = { $process } waits for a mutex of thread { $holder }, which waits in { $does }.
    .next = do not wait for anything while a mutex is locked
posix-semaphore-alone = { $process } waits for semaphore { $object }, and no other process has it open: nobody can post it.
    .next = start the process that calls sem_post(3), and compare the names
posix-semaphore-all = { $process } waits for semaphore { $object }, and so does everybody who has it ({ $count } more).
    .next = somebody must call sem_post(3); who took it and died cannot be told
lock-own = { $process } waits for the lock of { $object }, which it holds itself through another descriptor.
    .next = lock one descriptor only
lock-inherited = { $process } waits for the lock of { $object }: whoever took it is dead, but { $heirs } still has its descriptor.
    .next = end the children, or close the descriptor in them
lock-held = { $process } waits for the lock of { $object }: { $holder } holds it and { $does }.
    .next = look at what the holder waits for
threads-all-wait = { $process }: { $count ->
    [one] its only thread waits for a lock or condition
   *[other] all { $count } threads wait for locks or conditions
} of its own: nobody is left to wake them.
    .next = gdb -p { $pid }, then: thread apply all backtrace
socket-unread = { $process } has sent { $bytes } bytes on { $object } that the other side does not read: { $peer }.
    .next = the reader must read, and the writer needs a time-out (SO_SNDTIMEO)
socket-half-open = { $process } has the connection { $object }, but its other side is gone without a word: it would wait for ever.
    .next = use a time-out (SO_RCVTIMEO) or SO_KEEPALIVE
socket-peer-closed = { $process } has the connection { $object }, which the other side has closed (CLOSE_WAIT): it { $does } and does not close it.
    .next = read until 0, then close(2)
backlog-full = { $count } connections wait at { $object }, all that may ({ $max }): { $process } { $does } and does not accept them.
    .next = accept in a thread of its own; new clients hang in connect(2)
backlog-waiting = { $count ->
    [one] One connection waits
   *[other] { $count } connections wait
} at { $object } to be accepted: { $process } { $does }.
    .next = ipctop --pid { $pid } shows what it does instead of accept(2)
signal-blocked = { $signal } was sent to { $process }, which blocks it: it will not end.
    .next = unblock it after fork or pthread_create, or wait for it with sigwait(3); kill -KILL { $pid } ends it now
children-ignored = { $process } ignores SIGCHLD and waits for a child: wait(2) returns when the last child is gone, and with an error.
    .next = signal(SIGCHLD, SIG_DFL) before fork(2)
signal-missed = { $process } and all others here, { $count } processes, wait in pause(2) for a signal, and nobody is left to send one: it may have come before pause.
    .next = block the signal (sigprocmask) before the fork, and wait with sigsuspend(2)
end-ignored = { $process } ignores SIGTERM, and { $parent } waits for its end.
    .next = kill -KILL { $pid }, and restore SIG_DFL in the child
spinning = { $process }: thread { $tid } uses { $percent } % of a CPU and never waits.
    .next = gdb -p { $pid } shows the loop; wait for something (poll, a blocking read) instead of asking again and again
threads-growing = { $process } has { $count } threads, { $before } a moment ago, and none ends.
    .next = limit them; do they wait for something? ipctop --once --pid shows it
children-growing = { $process } has { $count } children, { $before } a moment ago, and none ends.
    .next = limit them, and wait(2) for those that end
descriptors-limit = { $process } has { $count } descriptors open and may have { $max }: soon open, accept and pipe fail with EMFILE.
    .next = close(2) what is done with; ls -l /proc/PID/fd shows it
queues-limit = { $count } message queues exist, and no more may ({ $max }, msgmni): msgget fails with ENOSPC.
    .next = ipcs -q lists them, ipcrm -q removes one
segments-limit = { $count } shared memory segments exist, and no more may ({ $max }, shmmni): shmget fails with ENOSPC.
    .next = ipcs -m lists them, ipcrm -m removes one
sets-limit = { $count } semaphore sets exist, and no more may ({ $max }, semmni): semget fails with ENOSPC.
    .next = ipcs -s lists them, ipcrm -s removes one
zombie = { $process } has ended, but its parent { $parent } does not fetch it: the parent { $does }.
    .next = call waitpid(2) in the parent, in a loop with WNOHANG on SIGCHLD
orphan = { $process } lives on without its parent, and { $does }.
    .next = kill { $pid }; let it end with its parent: prctl(PR_SET_PDEATHSIG)
queue-leak = Queue { $object } is left over: its users ({ $users }) are dead. It holds { $count ->
    [one] one message
   *[other] { $count } messages
}.
    .next = ipcrm -q { $id }
posix-queue-leak = POSIX queue { $object } is left over: nobody in sight has it open. It holds { $count ->
    [one] one message
   *[other] { $count } messages
}.
    .next = rm /dev/mqueue{ $object }, or call mq_unlink(3), if no program comes back to it
segment-leak = Shared memory segment { $id } is left over, { $bytes } bytes: its maker { $maker } is dead and nobody has it attached.
    .next = ipcrm -m { $id }
semaphore-leak = Semaphore set { $id } is left over: its users ({ $users }) are dead.
    .next = ipcrm -s { $id }
fifo-leak = FIFO { $object } is left over: nobody has it open.
    .next = rm the FIFO, if no server runs there

# Notes: what could not be seen.
note-descriptors-hidden = The descriptors of { $count } processes may not be seen: they belong to somebody else.
note-processes-not-read = { $count } processes have not been read yet: what is stuck is said when all have been.
note-other-ipc-namespace = { $count } processes are in another IPC namespace: their System V objects cannot be seen from here (nsenter --ipc -t PID ipctop).
note-calls-hidden = The arguments of system calls may not be seen (ptrace_scope, or another user): objects are guessed from open descriptors.
note-pipes-not-measured = How full some pipes are cannot be seen: their descriptors may not be duplicated.
note-threads-not-listed = A process has more than 500 threads: the others are only counted.
note-queues-hidden = { $count } queues may not be read: the permissions of their owner.
note-messages-cannot-be-copied = This kernel cannot copy messages (MSG_COPY needs CONFIG_CHECKPOINT_RESTORE): queues show their sizes only.
note-messages-not-listed = A queue has more than 600 messages: the others are only counted.
note-semaphores-hidden = Some semaphores may not be read: { $error }.
note-sockets-hidden = Sockets cannot be listed: { $error }.
note-no-system-v = System V objects cannot be listed: { $error }.

# Heads of the text.
nothing-stuck = nothing is stuck
head-findings = { $count ->
    [one] STUCK: { $count } finding
   *[other] STUCK: { $count } findings
}
head-processes = PROCESSES: pid name state CPU memory, and the call that it waits in
head-pipes = PIPES AND FIFOS ({ $count }): bytes / room: writers -> readers
head-queues = SYSTEM V QUEUES: key, bytes / room, last sender -> last receiver
head-segments = SYSTEM V SHARED MEMORY ({ $count })
head-semaphores = SYSTEM V SEMAPHORES ({ $count }): values
head-posix = POSIX OBJECTS ({ $count })
head-sockets = SOCKETS ({ $count }): owner - peer
head-locks = FILE LOCKS ({ $count }): holder, waiting
head-office = BOX OFFICE: show, seats left, date, title
head-notes = NOT SEEN

# The screen.
screen-head = ipctop { $scope }: { $processes } processes, { $findings } stuck, { $ms } ms
screen-wait = the first look is on its way
screen-frozen = FROZEN
screen-processes = PROCESSES
screen-objects = OBJECTS
screen-findings = WHAT IS STUCK
screen-keys = enter open  p peek  / filter  f freeze  s save  ? help  q quit
screen-no-queue = There is no message queue to peek into.
screen-saved = The look is saved in { $file }.
screen-not-saved = Cannot save { $file }: { $error }
screen-gone = It is gone.
screen-open = Everything that touches it (esc: back)
screen-peek = The messages, none is taken (esc: back)
screen-help-head = Help (esc: back)
screen-help =
    up, down, page up, page down, home, end: move
    tab, left, right: the next pane
    enter: open a thing with everything that touches it
    p: peek into a message queue; no message is taken
    /: show only what contains these letters; esc ends it
    f: freeze, or go on
    s: save this look as JSON in the working directory
    esc: back
    q, Ctrl-C: quit
    Ctrl-Z: suspend; fg brings it back
    mouse: select and scroll
    A mark ! stands before whatever a finding is about.
