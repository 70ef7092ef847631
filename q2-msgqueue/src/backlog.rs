//! Replies that found the queue full: the oldest in it make room, and come back until they are
//! read, so that no client can make a worker or another client wait.
//!
//! A client that waits in `msgrcv` is handed its reply by the sender itself, and the queue never
//! holds it. So what stands in a full queue belongs, but for a few clients that are on their way to
//! their `msgrcv`, to those who do not read; and taking the oldest out costs those few a
//! millisecond, because it is not thrown away but put back, again and again.

use std::collections::VecDeque;
use std::io;
use std::thread::sleep;
use std::time::{Duration, Instant};

use common::reply::Reply;
use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use q1_pipes::ticks::Ticks;
use tracing::{info, warn};

use crate::queue::{Queue, Received, Wait, Which};

/// Replies kept at most; beyond it the oldest is lost, as its client has waited longest and is
/// likely gone.
const KEPT_MAX: usize = 512;
/// Replies kept for one client at most; beyond it its oldest is lost. An honest client waits for
/// one; a forger who asks in its name must not push that one out at once.
const KEPT_PER_CLIENT: usize = 4;
/// Messages taken out for one reply at most. One of 752 bytes needs the room of 24 of 32; another
/// worker may take some of it.
const TAKEN_MAX: usize = 64;
/// Kept replies that one round puts back at most: a round is time that requests wait.
const ROUND_MAX: usize = 32;
/// Requests have so many times the time of a round before the next.
const ROUND_SHARE: u32 = 4;
/// The first round comes so long after a reply was taken out; its client is awake within that.
const PAUSE_MIN: Duration = Duration::from_millis(1);
/// Every round without news doubles the pause, up to this: a client that does not read is not worth
/// more, and one that was stopped finds its reply soon enough.
const PAUSE_MAX: Duration = Duration::from_millis(64);
/// How long a stopping worker tries to get rid of its last replies.
const FLUSH_MAX: Duration = Duration::from_millis(400);

/// The replies of one worker on their way into the reply queue.
#[derive(Debug)]
pub struct Backlog {
    /// Each with its client, the oldest first.
    kept: VecDeque<(i32, Box<[u8]>)>,
    pause: Duration,
    due: Instant,
    /// No round before this, whatever the news.
    rested: Instant,
    lost: u64,
    discarded: u64,
}

impl Backlog {
    /// Nothing kept yet.
    pub fn new() -> Backlog {
        Backlog {
            kept: VecDeque::new(),
            pause: PAUSE_MIN,
            due: Instant::now(),
            rested: Instant::now(),
            lost: 0,
            discarded: 0,
        }
    }

    /// Receives the next request, however long it takes; while replies are kept, until they are to
    /// be tried again.
    ///
    /// # Errors
    /// Those of `receive`.
    pub fn receive<T>(
        &self,
        ticks: &mut Ticks,
        receive: impl FnOnce(Wait) -> io::Result<T>,
    ) -> io::Result<T> {
        let Some(due) = self.due() else { return receive(Wait::Yes) };
        ticks.set(due.saturating_duration_since(Instant::now()))?;
        let received = receive(Wait::UntilSignal);
        // It must not interrupt a write to the disk.
        ticks.stop()?;
        received
    }

    /// When the kept replies are to be tried again; None if there are none.
    pub fn due(&self) -> Option<Instant> {
        (!self.kept.is_empty()).then_some(self.due)
    }

    /// Sends a reply, if need be in the place of the oldest ones; never waits.
    ///
    /// # Errors
    /// If the queue is gone.
    pub fn reply(&mut self, replies: &Queue, client: i32, reply: &Reply) -> io::Result<()> {
        if !is_sent(replies, client, reply.bytes())? {
            let (before, soon) = (self.due(), Instant::now() + PAUSE_MIN);
            self.make_room(replies, client, reply.bytes().into())?;
            self.pause = PAUSE_MIN;
            self.due = before.map_or(soon, |due| due.min(soon)).max(self.rested);
        }
        Ok(())
    }

    /// Puts kept replies back into the queue, if it is time for that.
    ///
    /// # Errors
    /// If the queue is gone.
    pub fn retry(&mut self, replies: &Queue) -> io::Result<()> {
        if self.due().is_some_and(|due| due <= Instant::now()) {
            let start = Instant::now();
            self.round(replies)?;
            self.pause = (self.pause * 2).min(PAUSE_MAX);
            let now = Instant::now();
            self.rested = now + (now - start) * ROUND_SHARE;
            self.due = self.rested.max(now + self.pause);
        }
        Ok(())
    }

    /// Gets rid of the last replies before the worker ends, and says what was lost.
    ///
    /// # Errors
    /// If the queue is gone.
    pub fn flush(&mut self, replies: &Queue) -> io::Result<()> {
        let deadline = Instant::now() + FLUSH_MAX;
        while !self.kept.is_empty() && Instant::now() < deadline {
            self.round(replies)?;
            sleep(PAUSE_MIN);
        }
        let (lost, discarded) = (self.lost + self.kept.len() as u64, self.discarded);
        if lost > 0 {
            warn!(lost, "replies found no room in the reply queue");
        }
        if discarded > 0 {
            info!(discarded, "replies were taken out whose clients were gone");
        }
        Ok(())
    }

    /// Gives each of the replies that were kept longest another time in the queue.
    fn round(&mut self, replies: &Queue) -> io::Result<()> {
        for _ in 0..self.kept.len().min(ROUND_MAX) {
            let Some((client, bytes)) = self.kept.pop_front() else { break };
            if !is_there(client) {
                self.discarded += 1;
            } else if !is_sent(replies, client, &bytes)? {
                self.make_room(replies, client, bytes)?;
            }
        }
        Ok(())
    }

    /// Takes the oldest messages out until this one fits, and keeps them.
    fn make_room(&mut self, replies: &Queue, client: i32, bytes: Box<[u8]>) -> io::Result<()> {
        for _ in 0..TAKEN_MAX {
            if let Some(oldest) = replies.receive(Which::All, Wait::No)? {
                self.take(&oldest);
            }
            if is_sent(replies, client, &bytes)? {
                return Ok(());
            }
        }
        self.keep(client, bytes);
        Ok(())
    }

    /// Keeps what somebody may still read: a reply to a process that is there.
    fn take(&mut self, message: &Received) {
        match i32::try_from(message.mtype()) {
            Ok(client) if Reply::from_received(message.bytes()).is_some() && is_there(client) => {
                self.keep(client, message.bytes().into());
            }
            _ => self.discarded += 1,
        }
    }

    fn keep(&mut self, client: i32, bytes: Box<[u8]>) {
        let mut same = (0..self.kept.len()).filter(|&at| self.kept[at].0 == client);
        let oldest = same.next();
        let crowded = oldest.filter(|_| same.count() + 1 == KEPT_PER_CLIENT);
        let full = (self.kept.len() == KEPT_MAX).then_some(0);
        if let Some(at) = crowded.or(full) {
            self.kept.remove(at);
            self.lost += 1;
        }
        self.kept.push_back((client, bytes));
    }
}

impl Default for Backlog {
    fn default() -> Backlog {
        Backlog::new()
    }
}

/// Whether there is such a process or thread, which may be a zombie: the one call that this takes
/// is a twentieth of what it costs to read its state, and the parent's sweep does that.
fn is_there(client: i32) -> bool {
    kill(Pid::from_raw(client), None) != Err(Errno::ESRCH)
}

/// Sends without waiting; false if the queue is full.
fn is_sent(replies: &Queue, client: i32, bytes: &[u8]) -> io::Result<bool> {
    match replies.send(i64::from(client), bytes, Wait::No) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
        result => result.map(|()| true),
    }
}
