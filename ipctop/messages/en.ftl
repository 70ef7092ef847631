# What a process does.
does-stopped = is stopped
does-unknown = does something that cannot be seen
does-wait = waits in { $call }
does-run = runs
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
    .next = kill -CONT { $pid}
stopped-has-bytes = { $process } is stopped, and { $count ->
    [one] one byte waits
   *[other] { $count } bytes wait
} for it in { $object }.
    .next = kill -CONT { $pid }

# Notes: what could not be seen.
note-descriptors-hidden = The descriptors of { $count } processes may not be seen: they belong to somebody else.
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
