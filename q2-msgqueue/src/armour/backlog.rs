//! Replies that found the queue full: the oldest in it make room, and come back until they are
//! read, so that no client can make a worker or another client wait.
//!
//! A client that waits in `msgrcv` is handed its reply by the sender itself, and the queue never
//! holds it. So what stands in a full queue belongs, but for a few clients that are on their way to
//! their `msgrcv`, to those who do not read; and taking the oldest out costs those few a
//! millisecond, because it is not thrown away but put back, again and again.

use std::io;
use std::thread::sleep;
use std::time::{Duration, Instant};

use common::reply::Reply;
use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use q1_pipes::armour::ticks::Ticks;
use tracing::{info, warn};

use crate::armour::deferred::Deferred;
use crate::armour::room::Room;
use crate::channel::Channel;
use crate::queue::{Queue, Received, Wait, Which};

/// Messages taken out for one reply at most. One of 752 bytes needs the room of 24 of 32; another
/// worker may take some of it.
const TAKEN_MAX: usize = 64;
/// Requests have so many times the time of a round before the next.
const ROUND_SHARE: u32 = 2;
/// The first round comes so long after a reply was taken out; its client is awake within that.
const PAUSE_MIN: Duration = Duration::from_millis(1);
/// Every round without news doubles the pause, up to this: a client that does not read is not worth
/// more, and one that was stopped finds its reply soon enough.
pub const PAUSE_MAX: Duration = Duration::from_millis(64);
/// How long a stopping worker tries to get rid of its last replies.
const FLUSH_MAX: Duration = Duration::from_millis(400);

/// The replies of one worker on their way into the reply queue.
#[derive(Debug)]
pub struct Backlog {
    replies: Queue,
    room: Room,
    deferred: Deferred,
    pause: Duration,
    due: Instant,
    /// No round before this, whatever the news.
    rested: Instant,
    discarded: u64,
}

impl Backlog {
    /// Nothing kept yet.
    ///
    /// # Errors
    /// If the queues are gone.
    pub fn new(channel: &Channel) -> io::Result<Backlog> {
        Ok(Backlog {
            replies: channel.replies.handle(),
            room: Room::new(channel.requests.handle())?,
            deferred: Deferred::default(),
            pause: PAUSE_MIN,
            due: Instant::now(),
            rested: Instant::now(),
            discarded: 0,
        })
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
        (!self.deferred.is_empty()).then_some(self.due)
    }

    /// Whether replies have found no room a moment ago: somebody does not read, and may be sending
    /// without a pause.
    pub fn is_congested(&self) -> bool {
        !self.deferred.is_empty() && self.pause < PAUSE_MAX
    }

    /// Sends a reply, if need be in the place of the oldest ones; never waits.
    ///
    /// # Errors
    /// If the queue is gone.
    pub fn reply(&mut self, client: i32, reply: &Reply) -> io::Result<()> {
        if !self.replies.try_send(client.into(), reply.bytes())? {
            let (before, soon) = (self.due(), Instant::now() + PAUSE_MIN);
            self.make_room(client, reply.bytes().into())?;
            self.pause = PAUSE_MIN;
            self.due = before.map_or(soon, |due| due.min(soon)).max(self.rested);
        }
        Ok(())
    }

    /// Puts kept replies back into the queue, if it is time for that.
    ///
    /// # Errors
    /// If the queue is gone.
    pub fn retry(&mut self) -> io::Result<()> {
        if self.due().is_some_and(|due| due <= Instant::now()) {
            let start = Instant::now();
            self.round()?;
            if self.pause == PAUSE_MAX {
                self.swap()?;
            }
            self.pause = (self.pause * 2).min(PAUSE_MAX);
            let now = Instant::now();
            self.rested = now + (now - start) * ROUND_SHARE;
            self.due = self.rested.max(now + self.pause);
            self.room.adapt(self.is_congested())?;
        }
        Ok(())
    }

    /// Gets rid of the last replies before the worker ends, and says what was lost.
    ///
    /// # Errors
    /// If the queue is gone.
    pub fn flush(&mut self) -> io::Result<()> {
        let deadline = Instant::now() + FLUSH_MAX;
        while !self.deferred.is_empty() && Instant::now() < deadline {
            self.round()?;
            sleep(PAUSE_MIN);
        }
        let (lost, discarded) = (self.deferred.lost(), self.discarded);
        if lost > 0 {
            warn!(lost, "replies found no room in the reply queue");
        }
        if discarded > 0 {
            info!(discarded, "replies were taken out whose clients were gone");
        }
        Ok(())
    }

    /// Tries every client that something is kept for: whoever waits by now is handed it.
    ///
    /// What stays in the queue is taken out again, so that many who do not read cost no room; but
    /// where there is room, it stays.
    fn round(&mut self) -> io::Result<()> {
        let load = self.replies.load()?;
        let mut stays = load.bytes * 2 < load.capacity;
        for _ in 0..self.deferred.clients() {
            let Some((client, mut own)) = self.deferred.next() else { break };
            if !is_there(client) {
                self.discarded += own.len() as u64;
                continue;
            }
            // The newest is what the client waits for, if it waits. One that has taken it will read
            // the others too: somebody may ask in its name, and its own reply be an older one.
            let mut reads = false;
            while let Some(bytes) = own.pop_back() {
                if !self.replies.try_send(client.into(), &bytes)? {
                    stays = false;
                    self.make_room(client, bytes)?;
                }
                if !stays && !reads {
                    let which = Which::Only(client.into());
                    if let Some(unread) = self.replies.receive(which, Wait::No)? {
                        own.push_back(unread.bytes().into());
                        break;
                    }
                    reads = true;
                }
            }
            self.deferred.put_back(client, own);
        }
        Ok(())
    }

    /// Gives some of them another time in the queue, in the place of the oldest there: a client may
    /// look now and then instead of waiting. Half of the queue, so that none of them takes the place
    /// of one that has just come.
    fn swap(&mut self) -> io::Result<()> {
        let mut room = self.replies.load()?.capacity / 2;
        for _ in 0..self.deferred.clients() {
            let Some((client, mut own)) = self.deferred.next() else { break };
            while room > 0
                && let Some(bytes) = own.pop_front()
            {
                room = room.saturating_sub(bytes.len() as u64);
                self.make_room(client, bytes)?;
            }
            self.deferred.put_back(client, own);
            if room == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Takes the oldest messages out until this one fits, and keeps them.
    fn make_room(&mut self, client: i32, bytes: Box<[u8]>) -> io::Result<()> {
        for _ in 0..TAKEN_MAX {
            if let Some(oldest) = self.replies.receive(Which::All, Wait::No)? {
                self.take(&oldest);
            }
            if self.replies.try_send(client.into(), &bytes)? {
                return Ok(());
            }
        }
        self.deferred.defer(client, bytes);
        Ok(())
    }

    /// Keeps what somebody may still read: a reply to a process that is there.
    fn take(&mut self, message: &Received) {
        match i32::try_from(message.mtype()) {
            Ok(client) if Reply::from_received(message.bytes()).is_some() && is_there(client) => {
                self.deferred.defer(client, message.bytes().into());
            }
            _ => self.discarded += 1,
        }
    }
}

/// Whether there is such a process or thread, which may be a zombie: one short call, made for every
/// message of a flood. The sweep reads its state.
fn is_there(client: i32) -> bool {
    kill(Pid::from_raw(client), None) != Err(Errno::ESRCH)
}
