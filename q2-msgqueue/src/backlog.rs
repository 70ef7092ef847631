//! Replies that found the queue full: kept for a while, so that no client can make a worker wait.

use std::collections::VecDeque;
use std::io;
use std::thread::sleep;
use std::time::{Duration, Instant};

use common::process::is_alive;
use common::reply::Reply;
use tracing::{info, warn};

use crate::queue::{Queue, Wait};
use crate::sweep::{Need, Sweeper};

/// Replies kept at most; beyond it the oldest is lost, as its client has waited longest and is
/// likely gone.
const DEFERRED_MAX: usize = 512;
/// Pause between two tries. The kernel tells a sender that does not wait nothing about room in a
/// queue.
pub const RETRY: Duration = Duration::from_millis(1);
/// Least time between two sweeps, which cost up to a millisecond: a full queue must not make every
/// reply as slow.
const SWEEP_INTERVAL: Duration = Duration::from_millis(10);
/// How long a stopping worker tries to get rid of its last replies.
const FLUSH_MAX: Duration = Duration::from_millis(400);

/// The replies of one worker on their way into the reply queue.
#[derive(Debug)]
pub struct Backlog {
    deferred: VecDeque<(i32, Box<[u8]>)>,
    sweeper: Sweeper,
    swept: Option<Instant>,
    retried: Option<Instant>,
    lost: u64,
}

impl Backlog {
    /// Nothing deferred yet.
    ///
    /// # Errors
    /// If the queue is gone.
    pub fn new(replies: &Queue) -> io::Result<Backlog> {
        Ok(Backlog {
            deferred: VecDeque::new(),
            sweeper: Sweeper::new(replies)?,
            swept: None,
            retried: None,
            lost: 0,
        })
    }

    /// How to receive the next request: while replies are deferred, without waiting.
    pub fn wait(&self) -> Wait {
        if self.deferred.is_empty() { Wait::Yes } else { Wait::No }
    }

    /// Sends a reply or defers it; never waits.
    ///
    /// # Errors
    /// If the queue is gone.
    pub fn reply(&mut self, replies: &Queue, client: i32, reply: &Reply) -> io::Result<()> {
        let bytes = reply.bytes();
        if is_sent(replies, client, bytes)?
            || (self.sweep(replies)? && is_sent(replies, client, bytes)?)
        {
            return Ok(());
        }
        if self.deferred.len() == DEFERRED_MAX {
            self.deferred.pop_front();
            self.lost += 1;
        }
        self.deferred.push_back((client, bytes.into()));
        Ok(())
    }

    /// Waits a moment, for the queue to get room or the next request to come.
    pub fn pause(&self) {
        sleep(RETRY);
    }

    /// Tries the deferred replies again, if the last try was long enough ago.
    ///
    /// # Errors
    /// If the queue is gone.
    pub fn retry(&mut self, replies: &Queue) -> io::Result<()> {
        if self.deferred.is_empty() || self.retried.is_some_and(|at| at.elapsed() < RETRY) {
            return Ok(());
        }
        self.sweep(replies)?;
        let mut too_long = usize::MAX;
        for (client, bytes) in std::mem::take(&mut self.deferred) {
            // Where a long reply finds no room a shorter one may.
            if bytes.len() >= too_long || !is_sent(replies, client, &bytes)? {
                too_long = too_long.min(bytes.len());
                self.deferred.push_back((client, bytes));
            }
        }
        self.retried = Some(Instant::now());
        Ok(())
    }

    /// Gets rid of the last replies before the worker ends, and says what was lost.
    ///
    /// # Errors
    /// If the queue is gone.
    pub fn flush(&mut self, replies: &Queue) -> io::Result<()> {
        let deadline = Instant::now() + FLUSH_MAX;
        while !self.deferred.is_empty() && Instant::now() < deadline {
            self.pause();
            self.retry(replies)?;
        }
        let (lost, discarded) = (self.lost + self.deferred.len() as u64, self.sweeper.discarded());
        if lost > 0 {
            warn!(lost, "replies found no room in the reply queue");
        }
        if discarded > 0 {
            info!(discarded, "replies were taken out that nobody read");
        }
        Ok(())
    }

    /// Makes room in a full queue, not too often; returns whether it tried.
    fn sweep(&mut self, replies: &Queue) -> io::Result<bool> {
        if self.swept.is_some_and(|at| at.elapsed() < SWEEP_INTERVAL) {
            return Ok(false);
        }
        self.sweeper.sweep(replies, Need::Room)?;
        self.deferred.retain(|&(client, _)| is_alive(client));
        self.swept = Some(Instant::now());
        Ok(true)
    }
}

/// Sends without waiting; false if the queue is full.
fn is_sent(replies: &Queue, client: i32, bytes: &[u8]) -> io::Result<bool> {
    match replies.send(i64::from(client), bytes, Wait::No) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
        result => result.map(|()| true),
    }
}
