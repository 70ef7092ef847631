//! The situations, and what is to be said of each.

/// Which scope sees a situation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// `--pid` of its first process.
    Pid,
    /// Everything of this user: what is left over belongs to no process.
    Mine,
    /// `--dir` of its directory.
    Dir,
}

/// A situation, the finding that names it, and who sees it.
pub(crate) type Row = (&'static str, &'static str, Seen);

use Seen::{Dir, Mine, Pid};

/// All of them.
#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[
    ("full-of-a-dead-reader", "queue-full-dead", Pid),
    ("full-of-a-live-reader", "queue-full-unread", Pid),
    ("full-of-requests", "queue-full", Pid),
    ("wrong-type", "message-unwanted", Pid),
    ("wrong-negative-type", "message-unwanted", Pid),
    ("wrong-except", "message-unwanted", Pid),
    ("reply-lost", "reply-lost", Pid),
    ("reply-into-the-wrong-queue", "reply-lost", Pid),
    ("server-dead", "nobody-answers", Pid),
    ("both-queues-full", "cycle", Pid),
    ("queue-left-over", "queue-leak", Mine),
    ("receiver-stopped", "stopped-has-messages", Pid),
    ("two-programs-on-one-key", "key-shared", Pid),
    ("key-of-a-failed-ftok", "key-minus-one", Pid),
    ("receiver-dead", "queue-no-receiver", Pid),
    ("no-queue-left", "queues-limit", Pid),
    ("posix-queue-full", "posix-queue-full", Pid),
    ("posix-reply-lost", "reply-lost", Pid),
    ("end-never-own", "eof-never-own", Pid),
    ("end-never-parent", "eof-never", Pid),
    ("end-never-sibling", "eof-never", Pid),
    ("circle-of-reads", "cycle", Pid),
    ("circle-of-writes", "cycle", Pid),
    ("circle-of-three", "cycle", Pid),
    ("parent-waits-before-it-reads", "cycle", Pid),
    ("reader-does-not-read", "pipe-full", Pid),
    ("reader-stopped", "stopped-has-bytes", Pid),
    ("nobody-can-read", "pipe-no-reader", Pid),
    ("no-writer", "fifo-no-writer", Pid),
    ("no-reader", "fifo-no-reader", Pid),
    ("fifo-gone", "fifo-gone", Pid),
    ("fifo-replaced", "fifo-replaced", Pid),
    ("fifo-unlinked", "fifo-unlinked", Pid),
    ("fifo-reply-lost", "reply-lost", Pid),
    ("fifo-left-over", "fifo-leak", Dir),
    ("semaphore-holder-dead", "semaphore-dead", Pid),
    ("semaphore-taken-twice", "semaphore-own", Pid),
    ("semaphore-never-set", "semaphore-untouched", Pid),
    ("semaphore-circle", "cycle", Pid),
    ("semaphore-holder-sleeps", "semaphore-held", Pid),
    ("semaphore-holder-stopped", "stopped-holds-semaphore", Pid),
    ("semaphore-left-over", "semaphore-leak", Mine),
    ("segment-left-over", "segment-leak", Mine),
    ("posix-semaphore-alone", "posix-semaphore-alone", Pid),
    ("posix-semaphore-all", "posix-semaphore-all", Pid),
    ("mutex-locked-twice", "mutex-own", Pid),
    ("mutex-two-orders", "mutex-cycle", Pid),
    ("mutex-owner-dead", "mutex-dead", Pid),
    ("mutex-owner-stopped", "stopped-holds-mutex", Pid),
    ("mutex-owner-sleeps", "mutex-held", Pid),
    ("nobody-signals", "threads-all-wait", Pid),
    ("lock-holder-sleeps", "lock-held", Pid),
    ("lock-circle", "cycle", Pid),
    ("lock-holder-stopped", "stopped-holds-lock", Pid),
    ("lock-inherited", "lock-inherited", Pid),
    ("lock-own", "lock-own", Pid),
    ("socket-not-read", "socket-unread", Pid),
    ("unix-socket-not-read", "socket-unread", Pid),
    ("socket-both-receive", "reply-lost", Pid),
    ("socket-both-send", "cycle", Pid),
    ("socket-not-closed", "socket-peer-closed", Pid),
    ("socket-half-open", "socket-half-open", Pid),
    ("socket-not-accepted", "backlog-waiting", Pid),
    ("socket-backlog-full", "backlog-full", Pid),
    ("socket-server-stopped", "stopped-has-bytes", Pid),
    ("zombie", "zombie", Pid),
    ("orphan", "orphan", Pid),
    ("stopped", "stopped", Pid),
    ("spins", "spinning", Pid),
    ("spins-over-calls", "spinning", Pid),
    ("threads-grow", "threads-growing", Pid),
    ("children-grow", "children-growing", Pid),
    ("end-blocked", "signal-blocked", Pid),
    ("children-ignored", "children-ignored", Pid),
    ("end-ignored", "end-ignored", Pid),
    ("no-descriptor-left", "descriptors-limit", Pid),
];
