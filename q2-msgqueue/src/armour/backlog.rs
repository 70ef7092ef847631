//! Deferred replies: when the reply queue is full, the oldest messages leave it, and come back until
//! their clients read them. So no client makes a worker or another client wait.
//!
//! Stops: `hostile::a_client_that_never_reads_delays_nobody`.
//!
//! When a client waits in `msgrcv`, the kernel hands it the reply within the worker's `msgsnd`, and
//! the queue never holds it. So the messages in a full queue belong to clients that do not read, or
//! that are just about to call `msgrcv`. A message of the latter is taken out too, but it comes back
//! a few milliseconds later.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::thread::sleep;
use std::time::{Duration, Instant};

use common::protocol::reply::Reply;
use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use q1_pipes::armour::ticks::Ticks;
use tracing::{info, warn};

use crate::armour::backoff::Backoff;
use crate::armour::backpressure::Backpressure;
use crate::channel::Channel;
use crate::queue::{Queue, Received, Wait, Which};

/// Messages taken out for one reply at most. A reply of 752 bytes needs the space of 24 of 32 bytes,
/// and the other worker may use some of it.
const EVICTED_MAX: usize = 64;
/// Clients with deferred replies at most. Beyond it, the client that comes next loses its replies.
/// With 32 replies for each client this is 24 MiB; only somebody who asks in a thousand names gets
/// there.
const CLIENTS_MAX: usize = 1024;
/// Deferred replies for one client at most; beyond it, its oldest is lost. An honest client waits for
/// one reply. A forger who asks in its name must not push that one out before it is read.
const PER_CLIENT_MAX: usize = 32;
/// How long a stopping worker tries to send its last replies.
const FLUSH_MAX: Duration = Duration::from_millis(400);
/// How often it tries.
const FLUSH_POLL: Duration = Duration::from_millis(1);

/// The replies of one worker on their way into the reply queue.
#[derive(Debug)]
pub struct Backlog {
    replies: Queue,
    backpressure: Backpressure,
    deferred: Deferred,
    backoff: Backoff,
    discarded: u64,
}

impl Backlog {
    /// Nothing is deferred yet.
    ///
    /// # Errors
    /// If the queues are gone.
    pub fn new(channel: &Channel) -> io::Result<Backlog> {
        Ok(Backlog {
            replies: channel.replies.handle(),
            backpressure: Backpressure::new(channel.requests.handle())?,
            deferred: Deferred::default(),
            backoff: Backoff::new(),
            discarded: 0,
        })
    }

    /// Calls `receive` for the next request. It waits as long as it takes, or, while replies are
    /// deferred, until the next attempt to send them is due.
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
        // The alarm must not interrupt a write to the disk.
        ticks.stop()?;
        received
    }

    /// When the deferred replies are to be sent again; None if there are none.
    pub fn due(&self) -> Option<Instant> {
        (!self.deferred.is_empty()).then_some(self.backoff.due())
    }

    /// Whether the queue was full a moment ago: some client does not read, and it may be sending
    /// requests without a pause.
    pub fn is_congested(&self) -> bool {
        !self.deferred.is_empty() && !self.backoff.is_at_maximum()
    }

    /// Sends a reply; if the queue is full, in place of the oldest messages. Never waits.
    ///
    /// # Errors
    /// If the queue is gone.
    pub fn reply(&mut self, client: i32, reply: &Reply) -> io::Result<()> {
        if !self.replies.try_send(client.into(), reply.bytes())? {
            self.backoff.restart(self.deferred.is_empty());
            self.evict_and_send(client, reply.bytes().into())?;
        }
        Ok(())
    }

    /// Sends the deferred replies again, if that is due.
    ///
    /// # Errors
    /// If the queue is gone.
    pub fn retry(&mut self) -> io::Result<()> {
        if self.due().is_some_and(|due| due <= Instant::now()) {
            let start = Instant::now();
            self.round()?;
            if self.backoff.is_at_maximum() {
                self.swap()?;
            }
            self.backoff.round_over(start);
            self.backpressure.adapt(self.is_congested())?;
        }
        Ok(())
    }

    /// Sends the last replies before the worker ends, for 400 ms at most; logs what was lost.
    ///
    /// # Errors
    /// If the queue is gone.
    pub fn flush(&mut self) -> io::Result<()> {
        let deadline = Instant::now() + FLUSH_MAX;
        while !self.deferred.is_empty() && Instant::now() < deadline {
            self.round()?;
            sleep(FLUSH_POLL);
        }
        let lost = self.deferred.lost_with_the_rest();
        if lost > 0 {
            warn!(lost, "replies found the reply queue full");
        }
        if self.discarded > 0 {
            info!(discarded = self.discarded, "replies were taken out whose clients were gone");
        }
        Ok(())
    }

    /// Sends to every client with deferred replies: a client that waits by now gets its reply.
    ///
    /// A message that stays in the queue was not waited for. It is taken out again, so that the
    /// queue does not fill with such messages. While the queue is half empty they may stay.
    fn round(&mut self) -> io::Result<()> {
        let load = self.replies.load()?;
        let mut may_stay = load.bytes * 2 < load.capacity;
        for _ in 0..self.deferred.n_clients() {
            let Some((client, mut own)) = self.deferred.pop_client() else { break };
            if !is_there(client) {
                self.discarded += own.len() as u64;
                continue;
            }
            // The newest first: it is the one that the client waits for, if it waits. A client that
            // has taken it will read the others too. Its own reply may be an older one, if somebody
            // asks in its name.
            let mut is_reading = false;
            while let Some(bytes) = own.pop_back() {
                if !self.replies.try_send(client.into(), &bytes)? {
                    may_stay = false;
                    self.evict_and_send(client, bytes)?;
                }
                if !may_stay && !is_reading {
                    let which = Which::Only(client.into());
                    if let Some(unread) = self.replies.receive(which, Wait::No)? {
                        own.push_back(unread.bytes().into());
                        break;
                    }
                    is_reading = true;
                }
            }
            self.deferred.push_client(client, own);
        }
        Ok(())
    }

    /// Puts some deferred replies into the queue, in place of the oldest messages there: a client may
    /// look now and then instead of waiting. At most half of the queue is replaced, so that none of
    /// them evicts another.
    fn swap(&mut self) -> io::Result<()> {
        let mut space = self.replies.load()?.capacity / 2;
        for _ in 0..self.deferred.n_clients() {
            let Some((client, mut own)) = self.deferred.pop_client() else { break };
            while space > 0
                && let Some(bytes) = own.pop_front()
            {
                space = space.saturating_sub(bytes.len() as u64);
                self.evict_and_send(client, bytes)?;
            }
            self.deferred.push_client(client, own);
            if space == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Takes the oldest messages out of the queue, and defers them, until this one can be sent.
    fn evict_and_send(&mut self, client: i32, bytes: Box<[u8]>) -> io::Result<()> {
        for _ in 0..EVICTED_MAX {
            if let Some(oldest) = self.replies.receive(Which::All, Wait::No)? {
                self.defer(&oldest);
            }
            if self.replies.try_send(client.into(), &bytes)? {
                return Ok(());
            }
        }
        self.deferred.push(client, bytes);
        Ok(())
    }

    /// Defers a message that somebody may still read: a reply to a process that is there.
    fn defer(&mut self, message: &Received) {
        match i32::try_from(message.mtype()) {
            Ok(client) if Reply::from_received(message.bytes()).is_some() && is_there(client) => {
                self.deferred.push(client, message.bytes().into());
            }
            _ => self.discarded += 1,
        }
    }
}

/// Whether there is such a process or thread; it may be a zombie. One short call, since it is made
/// for every message of a flood. The sweep checks for zombies.
fn is_there(client: i32) -> bool {
    kill(Pid::from_raw(client), None) != Err(Errno::ESRCH)
}

/// Deferred replies in a worker's memory: a few for each client, and the clients round robin.
#[derive(Debug, Default)]
struct Deferred {
    /// Of each client, the oldest first; at least one.
    replies: HashMap<i32, VecDeque<Box<[u8]>>>,
    /// These clients, each once; the next one first.
    round_robin: VecDeque<i32>,
    lost: u64,
}

impl Deferred {
    fn is_empty(&self) -> bool {
        self.round_robin.is_empty()
    }

    fn n_clients(&self) -> usize {
        self.round_robin.len()
    }

    /// How many replies are lost if those that are still here are never sent.
    fn lost_with_the_rest(&self) -> u64 {
        self.lost + self.replies.values().map(|own| own.len() as u64).sum::<u64>()
    }

    /// Adds one; it is its client's newest.
    fn push(&mut self, client: i32, bytes: Box<[u8]>) {
        if !self.replies.contains_key(&client) {
            if self.round_robin.len() == CLIENTS_MAX
                && let Some((_, own)) = self.pop_client()
            {
                self.lost += own.len() as u64;
            }
            self.round_robin.push_back(client);
        }
        let own = self.replies.entry(client).or_default();
        if own.len() == PER_CLIENT_MAX {
            own.pop_front();
            self.lost += 1;
        }
        own.push_back(bytes);
    }

    /// Takes out the next client, with all its replies.
    fn pop_client(&mut self) -> Option<(i32, VecDeque<Box<[u8]>>)> {
        let client = self.round_robin.pop_front()?;
        Some((client, self.replies.remove(&client).unwrap_or_default()))
    }

    /// Adds a client again, as the last one, with the replies that are left.
    fn push_client(&mut self, client: i32, own: VecDeque<Box<[u8]>>) {
        own.into_iter().for_each(|bytes| self.push(client, bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_come_round_robin_and_each_with_its_newest_replies() {
        let mut deferred = Deferred::default();
        for byte in 0..PER_CLIENT_MAX as u8 + 2 {
            deferred.push(7, [byte].into());
        }
        deferred.push(8, [0].into());
        assert_eq!(deferred.n_clients(), 2);
        assert_eq!(deferred.lost_with_the_rest(), 2 + PER_CLIENT_MAX as u64 + 1);
        let (client, own) = deferred.pop_client().unwrap();
        let newest = own.iter().map(|bytes| bytes[0]);
        assert!(client == 7 && newest.eq(2..PER_CLIENT_MAX as u8 + 2), "{own:?}");
        deferred.push_client(7, own);
        assert_eq!(deferred.pop_client().unwrap().0, 8);
        assert_eq!(deferred.pop_client().unwrap().0, 7);
        assert!(deferred.pop_client().is_none() && deferred.is_empty());
    }

    #[test]
    fn one_client_too_many_costs_the_one_that_waits_longest() {
        let mut deferred = Deferred::default();
        for client in 0..=CLIENTS_MAX as i32 {
            deferred.push(client, [0].into());
            deferred.push(client, [1].into());
        }
        assert_eq!((deferred.n_clients(), deferred.lost), (CLIENTS_MAX, 2));
        assert_eq!(deferred.pop_client().unwrap().0, 1);
    }
}
