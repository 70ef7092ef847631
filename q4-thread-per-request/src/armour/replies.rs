//! The replies of many threads: one backlog under a lock, and a signal to the thread that tries
//! again.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use common::reply::Reply;
use q2_msgqueue::armour::backlog::Backlog;
use q2_msgqueue::channel::Channel;
use q2_msgqueue::queue::Queue;
use q3_threads::wake::wake;

/// The way out for all threads.
#[derive(Debug)]
pub struct Replies {
    queue: Queue,
    backlog: Mutex<Backlog>,
    /// Whether it is: a look without the lock.
    is_congested: AtomicBool,
}

impl Replies {
    /// Nothing kept yet.
    ///
    /// # Errors
    /// If the queues are gone.
    pub fn new(channel: &Channel) -> io::Result<Replies> {
        let (queue, backlog) = (channel.replies.handle(), Mutex::new(Backlog::new(channel)?));
        Ok(Replies { queue, backlog, is_congested: AtomicBool::new(false) })
    }

    /// Sends a reply; if others had to make room for it, wakes the thread that tries those again;
    /// never waits for a client.
    ///
    /// The lock is for a full queue only, and so is the page of stack that it takes. A reply wakes
    /// its client, and where there is one processor the client is likely to have it next: with the
    /// lock held, every other thread that answers would go to sleep at it.
    ///
    /// # Errors
    /// If the queue is gone.
    pub fn send(&self, client: i32, reply: &Reply) -> io::Result<()> {
        if self.queue.try_send(client.into(), reply.bytes())? {
            return Ok(());
        }
        self.displace(client, reply)
    }

    #[cold]
    #[inline(never)]
    fn displace(&self, client: i32, reply: &Reply) -> io::Result<()> {
        let mut backlog = self.lock();
        let before = backlog.due();
        backlog.reply(client, reply)?;
        self.is_congested.store(backlog.is_congested(), Ordering::Relaxed);
        if backlog.due() != before {
            wake();
        }
        Ok(())
    }

    /// Whether replies have found no room a moment ago.
    pub fn is_congested(&self) -> bool {
        self.is_congested.load(Ordering::Relaxed)
    }

    /// How long until the kept replies are to be tried again; None if there are none.
    pub fn time_left(&self) -> Option<Duration> {
        Some(self.lock().due()?.saturating_duration_since(Instant::now()))
    }

    /// Tries the kept replies again.
    ///
    /// # Errors
    /// If the queue is gone.
    pub fn retry(&self) -> io::Result<()> {
        let mut backlog = self.lock();
        let tried = backlog.retry();
        self.is_congested.store(backlog.is_congested(), Ordering::Relaxed);
        tried
    }

    /// Gets rid of the last replies, when no thread sends any more, and says what was lost.
    ///
    /// # Errors
    /// If the queue is gone.
    pub fn flush(&self) -> io::Result<()> {
        self.lock().flush()
    }

    /// A thread that panicked with the lock may have lost its own reply; those of others are whole.
    fn lock(&self) -> MutexGuard<'_, Backlog> {
        self.backlog.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
