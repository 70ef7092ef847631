//! The replies of many threads: one backlog under a lock, a line of replies for it, and a signal to
//! the thread that tries again.

use std::collections::VecDeque;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use common::reply::Reply;
use q2_msgqueue::backlog::{Backlog, is_sent};
use q2_msgqueue::queue::Queue;
use q3_threads::workers::wake;

/// Replies that wait for room at most; with one more its thread waits too.
const WAITING_MAX: usize = 64;

/// The way out for all threads.
#[derive(Debug)]
pub struct Replies {
    queue: Queue,
    /// Those that found the queue full, the first to come first.
    waiting: Mutex<VecDeque<(i32, Reply)>>,
    backlog: Mutex<Backlog>,
}

impl Replies {
    /// Nothing kept yet.
    pub fn new(queue: Queue) -> Replies {
        Replies { queue, waiting: Mutex::default(), backlog: Mutex::default() }
    }

    /// Sends a reply; never waits for a client.
    ///
    /// The lock is for a full queue only. A reply wakes its client, and where there is one
    /// processor the client is likely to have it next: with the lock held, every other thread that
    /// answers would go to sleep at it.
    ///
    /// # Errors
    /// If the queue is gone.
    pub fn send(&self, client: i32, reply: &Reply) -> io::Result<()> {
        if is_sent(&self.queue, client, reply.bytes())? {
            return Ok(());
        }
        lock(&self.waiting).push_back((client, *reply));
        self.make_room()
    }

    /// How long until the kept replies are to be tried again; None if there are none.
    ///
    /// # Errors
    /// If the queue is gone.
    pub fn time_left(&self) -> io::Result<Option<Duration>> {
        let due = lock(&self.backlog).due();
        self.make_room()?;
        Ok(due.map(|due| due.saturating_duration_since(Instant::now())))
    }

    /// Tries the kept replies again.
    ///
    /// # Errors
    /// If the queue is gone.
    pub fn retry(&self) -> io::Result<()> {
        lock(&self.backlog).retry(&self.queue)?;
        self.make_room()
    }

    /// Gets rid of the last replies, when no thread sends any more, and says what was lost.
    ///
    /// # Errors
    /// If the queue is gone.
    pub fn flush(&self) -> io::Result<()> {
        self.make_room()?;
        lock(&self.backlog).flush(&self.queue)
    }

    /// Sends what waits, in the place of older ones, and wakes the thread that tries those again.
    ///
    /// One thread does it for all that come meanwhile, and they leave: in a queue at the lock the
    /// last to come could be the first served, again and again. Whoever has had the lock comes here
    /// afterwards, for those that have found it taken.
    fn make_room(&self) -> io::Result<()> {
        loop {
            let count = lock(&self.waiting).len();
            if count == 0 {
                return Ok(());
            }
            let mut backlog = match self.backlog.try_lock() {
                Ok(backlog) => backlog,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) if count > WAITING_MAX => lock(&self.backlog),
                Err(TryLockError::WouldBlock) => return Ok(()),
            };
            let before = backlog.due();
            while let Some((client, reply)) = self.next() {
                backlog.reply(&self.queue, client, &reply)?;
            }
            if backlog.due() != before {
                wake();
            }
        }
    }

    fn next(&self) -> Option<(i32, Reply)> {
        lock(&self.waiting).pop_front()
    }
}

/// A thread that panicked with a lock may have lost its own reply; those of others are whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
