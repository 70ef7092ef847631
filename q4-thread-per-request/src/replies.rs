//! The replies of many threads: one backlog under a lock, and a signal to the thread that tries
//! again.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use common::reply::Reply;
use q2_msgqueue::backlog::Backlog;
use q2_msgqueue::queue::{Queue, Wait};
use q3_threads::workers::wake;

/// The way out for all threads.
#[derive(Debug)]
pub struct Replies {
    queue: Queue,
    backlog: Mutex<Backlog>,
}

impl Replies {
    /// Nothing deferred yet.
    ///
    /// # Errors
    /// If the queue is gone.
    pub fn new(queue: Queue) -> io::Result<Replies> {
        let backlog = Mutex::new(Backlog::new(&queue)?);
        Ok(Replies { queue, backlog })
    }

    /// Sends a reply, or defers it and wakes the thread that tries again; never waits for a client.
    ///
    /// # Errors
    /// If the queue is gone.
    pub fn send(&self, client: i32, reply: &Reply) -> io::Result<()> {
        let mut backlog = self.lock();
        let was_empty = backlog.wait() == Wait::Yes;
        backlog.reply(&self.queue, client, reply)?;
        if was_empty && backlog.wait() == Wait::No {
            wake();
        }
        Ok(())
    }

    /// Whether replies wait for room in the queue.
    pub fn are_deferred(&self) -> bool {
        self.lock().wait() == Wait::No
    }

    /// Tries the deferred replies again.
    ///
    /// # Errors
    /// If the queue is gone.
    pub fn retry(&self) -> io::Result<()> {
        self.lock().retry(&self.queue)
    }

    /// Gets rid of the last replies, when no thread sends any more, and says what was lost.
    ///
    /// # Errors
    /// If the queue is gone.
    pub fn flush(&self) -> io::Result<()> {
        self.lock().flush(&self.queue)
    }

    /// A thread that panicked with the lock may have lost its own reply; those of others are whole.
    fn lock(&self) -> MutexGuard<'_, Backlog> {
        self.backlog.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
