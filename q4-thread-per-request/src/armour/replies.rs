//! The replies of many threads: one backlog behind a lock, and a signal to the thread that retries.
//!
//! This stops clients that never read: `contract` `many_clients_that_never_read_delay_nobody`.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use common::protocol::reply::Reply;
use q2_msgqueue::armour::backlog::Backlog;
use q2_msgqueue::armour::sweep::Sweeper;
use q2_msgqueue::channel::Channel;
use q2_msgqueue::queue::Queue;
use q3_threads::wake::wake;

/// How long the last replies may wait for their clients.
const UNREAD_MAX: Duration = Duration::from_millis(500);
/// How often to check whether they were read: the kernel does not report it.
const UNREAD_POLL: Duration = Duration::from_millis(5);

/// Sends the replies of all threads.
#[derive(Debug)]
pub struct Replies {
    queue: Queue,
    backlog: Mutex<Backlog>,
    /// A copy of what the backlog says, for readers without the lock.
    is_congested: AtomicBool,
}

impl Replies {
    /// No deferred reply yet.
    ///
    /// # Errors
    /// If the queues are gone.
    pub fn new(channel: &Channel) -> io::Result<Replies> {
        Ok(Replies {
            queue: channel.replies.handle(),
            backlog: Mutex::new(Backlog::new(channel)?),
            is_congested: AtomicBool::new(false),
        })
    }

    /// Sends a reply, or defers it if the queue is full; never waits for a client.
    ///
    /// Only a full queue takes the lock. A reply wakes its client, and on one processor the client
    /// is likely to run next: if this thread held the lock then, every other thread with a reply
    /// would sleep.
    ///
    /// # Errors
    /// If the queue is gone.
    pub fn send(&self, client: i32, reply: &Reply) -> io::Result<()> {
        if self.queue.try_send(client.into(), reply.bytes())? {
            return Ok(());
        }
        let mut backlog = self.lock();
        let due_before = backlog.due();
        backlog.reply(client, reply)?;
        self.is_congested.store(backlog.is_congested(), Ordering::Relaxed);
        if backlog.due() != due_before {
            wake();
        }
        Ok(())
    }

    /// Whether a reply found no room a moment ago.
    pub fn is_congested(&self) -> bool {
        self.is_congested.load(Ordering::Relaxed)
    }

    /// How long until the next retry is due; None if no reply is deferred.
    pub fn time_left(&self) -> Option<Duration> {
        Some(self.lock().due()?.saturating_duration_since(Instant::now()))
    }

    /// Tries to send the deferred replies.
    ///
    /// # Errors
    /// If the queue is gone.
    pub fn retry(&self) -> io::Result<()> {
        let mut backlog = self.lock();
        let retried = backlog.retry();
        self.is_congested.store(backlog.is_congested(), Ordering::Relaxed);
        retried
    }

    /// Sends or drops the last replies, when no thread sends any more, and logs how many were lost.
    ///
    /// # Errors
    /// If the queue is gone.
    pub fn flush(&self) -> io::Result<()> {
        self.lock().flush()
    }

    /// Waits until all replies were read, for half a second at most. Acknowledgements that nobody
    /// has read yet would be removed together with the queue.
    ///
    /// # Errors
    /// If the queue is gone.
    pub fn wait_until_read(&self, sweeper: &Sweeper) -> io::Result<()> {
        let deadline = Instant::now() + UNREAD_MAX;
        while self.queue.load().is_ok_and(|load| load.messages > 0) && Instant::now() < deadline {
            sweeper.sweep(&self.queue)?;
            sleep(UNREAD_POLL);
        }
        Ok(())
    }

    /// A thread that panicked with the lock may have lost its own reply. The others are whole.
    fn lock(&self) -> MutexGuard<'_, Backlog> {
        self.backlog.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
