//! The registry of connections: no more than there is room for, and who has most makes room.
//!
//! This stops clients that connect and stay: `sockets`
//! `a_connection_without_room_reads_that_the_server_is_busy`. And one address that takes all room
//! with connections that ask now and then: `the_address_with_most_connections_gives_way`.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, Shutdown, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use common::protocol::reply::Status;
use crossbeam_channel::{Receiver, Sender, unbounded};
use tracing::debug;

use crate::armour::closing::{Closing, End};

/// A connection that was idle for less stays: its client may be between two questions.
const IDLE_MIN: Duration = Duration::from_secs(1);
/// Connections that were closed to make room and whose thread has not ended yet, at most.
const LEAVING_MAX: usize = 64;
/// How long such a connection takes requests that have arrived, and then may stay to be read.
const LEAVE_MAX: Duration = Duration::from_millis(250);
/// Instead of a time: a request is being answered.
const BUSY: u64 = u64::MAX;

/// All connections that have a thread.
///
/// Only the accepting thread and the main thread take the lock. If each connection's thread took it
/// at its end, then at the end of hundreds the accepting thread would wait for seconds behind them.
#[derive(Debug)]
pub struct Registry {
    members: Mutex<Members>,
    /// The ids of members that have ended: one for each, so the channel needs no other bound.
    ended: Receiver<u64>,
    end: Sender<u64>,
    room: usize,
    start: Instant,
}

#[derive(Debug, Default)]
struct Members {
    all: HashMap<u64, Entry>,
    last_id: u64,
    is_stopping: bool,
}

/// A connection in the registry. It refers to the stream, because a second descriptor for each
/// connection would halve their number. The thread alone owns it, and closes it.
#[derive(Debug)]
struct Entry {
    stream: Weak<TcpStream>,
    network: IpAddr,
    /// Since when no request is being answered, in milliseconds; or [`BUSY`].
    idle_since: Arc<AtomicU64>,
    /// Set when we end the connection.
    end: End,
}

/// The registration of one connection. Dropping it, also in a panic, makes room for another.
#[derive(Debug)]
pub struct Member {
    registry: Arc<Registry>,
    id: u64,
    idle_since: Arc<AtomicU64>,
    end: End,
}

impl Registry {
    /// An empty registry with room for `room` connections.
    pub fn new(room: usize) -> Registry {
        let (end, ended) = unbounded();
        Registry { members: Mutex::default(), ended, end, room, start: Instant::now() }
    }

    /// Registers a connection from `peer`, if need be in the place of another.
    ///
    /// # Errors
    /// BUSY if there is no room, UNAVAILABLE at a stop.
    pub fn register(
        self: &Arc<Registry>,
        stream: &Arc<TcpStream>,
        peer: IpAddr,
    ) -> Result<Member, Status> {
        let network = network(peer);
        let mut members = self.lock();
        // At a stop the main thread waits for the ends, so no other may take them from it.
        if members.is_stopping {
            return Err(Status::Unavailable);
        }
        self.ended.try_iter().for_each(|id| drop(members.all.remove(&id)));
        if members.all.len() >= self.room + LEAVING_MAX {
            return Err(Status::Busy);
        }
        let staying = members.all.values().filter(|entry| entry.is_staying()).count();
        if staying >= self.room && !self.make_room(&members, network) {
            return Err(Status::Busy);
        }
        members.last_id += 1;
        let id = members.last_id;
        let idle_since = Arc::new(AtomicU64::new(self.millis(Instant::now())));
        let end = End::default();
        let member =
            Member { registry: self.clone(), id, idle_since: idle_since.clone(), end: end.clone() };
        members.all.insert(id, Entry { stream: Arc::downgrade(stream), network, idle_since, end });
        Ok(member)
    }

    /// Closes one connection, so that there is room for one from `newcomer`; false if none may be
    /// closed.
    ///
    /// The network with most connections gives way, down to its share of the room; if none has more
    /// than that, any may have to. Of these the one idle longest goes. A newcomer whose network has
    /// its share already takes the place only of one that has been idle for a while.
    fn make_room(&self, members: &Members, newcomer: IpAddr) -> bool {
        let staying = || members.all.values().filter(|entry| entry.is_staying());
        let mut counts = HashMap::from([(newcomer, 0)]);
        staying().for_each(|entry| *counts.entry(entry.network).or_default() += 1);
        let share = (self.room / counts.len()).max(1);
        let most = counts.iter().max_by_key(|&(_, &count)| count);
        let large = most.filter(|&(_, &count)| count > share).map(|(&network, _)| network);
        let may_go = |entry: &&Entry| large.is_none_or(|large| entry.network == large);
        // Each time is loaded once, because its thread may change it a moment later.
        let since = |entry: &Entry| entry.idle_since.load(Ordering::Relaxed);
        let candidates = staying().filter(may_go).map(|entry| (since(entry), entry));
        let Some((since, longest)) = candidates.min_by_key(|&(since, _)| since) else {
            return false;
        };
        let is_owed = large.is_some() && counts[&newcomer] < share;
        let now = Instant::now();
        let is_long = since.saturating_add(IDLE_MIN.as_millis() as u64) <= self.millis(now);
        if !is_owed && !is_long {
            return false;
        }
        let answer_until = now + LEAVE_MAX;
        let linger_until = answer_until + LEAVE_MAX;
        longest.close(Closing { status: Status::Busy, answer_until, linger_until });
        true
    }

    /// Registers no more, and has each connection end.
    pub fn stop(&self, closing: Closing) {
        let mut members = self.lock();
        members.is_stopping = true;
        members.all.values().for_each(|entry| entry.close(closing));
    }

    /// At a stop: waits until there is no connection, until `deadline` at most; returns how many
    /// are not answered. Those that only linger need nothing more from this process.
    pub fn wait_empty(&self, deadline: Instant) -> usize {
        loop {
            let members = self.lock();
            if members.all.is_empty() {
                return 0;
            }
            let is_busy = |entry: &&Entry| entry.idle_since.load(Ordering::Relaxed) == BUSY;
            let busy = members.all.values().filter(is_busy).count();
            drop(members);
            match self.ended.recv_deadline(deadline) {
                Ok(id) => drop(self.lock().all.remove(&id)),
                Err(_) => return busy,
            }
        }
    }

    /// Milliseconds from the server's start to a moment.
    fn millis(&self, moment: Instant) -> u64 {
        moment.saturating_duration_since(self.start).as_millis() as u64
    }

    fn lock(&self) -> MutexGuard<'_, Members> {
        // Nothing can panic between lock and unlock here.
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn is_staying(&self) -> bool {
        self.end.get().is_none()
    }

    /// Has its thread end the connection, unless it does so already. It is told why before it wakes.
    fn close(&self, closing: Closing) {
        if self.end.set(closing).is_ok() {
            self.shutdown(Shutdown::Read);
        }
    }

    /// Shuts its stream down. A thread that waits in a call on it returns.
    fn shutdown(&self, how: Shutdown) {
        let Some(stream) = self.stream.upgrade() else { return };
        if let Err(error) = stream.shutdown(how) {
            debug!("a connection was closed already: {error}");
        }
    }
}

impl Member {
    /// A request has come: until it is answered, this connection is idle for no time.
    pub fn set_busy(&self) {
        self.idle_since.store(BUSY, Ordering::Relaxed);
    }

    /// The request was answered.
    pub fn set_idle(&self, now: Instant) {
        self.idle_since.store(self.registry.millis(now), Ordering::Relaxed);
    }

    /// Whether the connection is new or its last answer is so fresh that bytes may be on their way.
    pub fn was_active_lately(&self) -> bool {
        let since = self.idle_since.load(Ordering::Relaxed);
        since.saturating_add(IDLE_MIN.as_millis() as u64) > self.registry.millis(Instant::now())
    }

    /// Where its thread is told that the connection ends.
    pub(crate) fn end(&self) -> End {
        self.end.clone()
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        // It cannot fail, as the registry has the receiver.
        let _sent = self.registry.end.send(self.id);
    }
}

/// What counts as one client: an address, or with IPv6 the first 64 bits of it, because one machine
/// may choose all the others.
pub fn network(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => peer,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::net::{Ipv4Addr, TcpListener};
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::AtomicBool;
    use std::thread;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    /// An end for which there is no hurry.
    fn unavailable() -> Closing {
        let later = Instant::now() + Duration::from_secs(10);
        Closing { status: Status::Unavailable, answer_until: later, linger_until: later }
    }

    fn reason(member: &Member) -> Option<Status> {
        member.end.get().map(|closing| closing.status)
    }

    fn streams(count: usize) -> (Vec<TcpStream>, Vec<Arc<TcpStream>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let pair = |_| {
            let client = TcpStream::connect(address).unwrap();
            (client, Arc::new(listener.accept().unwrap().0))
        };
        (0..count).map(pair).unzip()
    }

    #[test]
    fn the_one_idle_longest_makes_room_and_one_that_is_asked_does_not() {
        let (_clients, streams) = streams(4);
        let registry = Arc::new(Registry::new(2));
        let first = registry.register(&streams[0], HERE).unwrap();
        let second = registry.register(&streams[1], HERE).unwrap();
        assert!(registry.register(&streams[2], HERE).is_err(), "both are new");
        first.set_busy();
        second.idle_since.store(0, Ordering::Relaxed);
        thread::park_timeout(IDLE_MIN + Duration::from_millis(20));
        let third = registry.register(&streams[2], HERE).unwrap();
        assert_eq!((&*streams[1]).read(&mut [0]).unwrap(), 0, "its thread returns");
        let reasons = [&first, &second, &third].map(reason);
        assert_eq!(reasons, [None, Some(Status::Busy), None]);
        drop(second);
        assert!(registry.register(&streams[3], HERE).is_err());
        drop(first);
        assert!(registry.register(&streams[3], HERE).is_ok());
    }

    #[test]
    fn the_network_with_most_gives_way_to_others_down_to_its_share() {
        let (_clients, streams) = streams(1);
        let registry = Arc::new(Registry::new(6));
        let address = |n| IpAddr::from([10, 0, 0, n]);
        let come = |n| registry.register(&streams[0], address(n));
        let large: Vec<Member> = (0..6).map(|_| come(1).unwrap()).collect();
        large.iter().for_each(Member::set_busy);
        let given_way = || large.iter().filter(|member| reason(member).is_some()).count();
        assert!(come(1).is_err(), "all that is left is its own, and busy");
        let second: Vec<Member> = (0..3).map(|_| come(2).unwrap()).collect();
        assert_eq!(given_way(), 3);
        assert!(come(2).is_err(), "each has half of the room");
        let third = [come(3).unwrap(), come(3).unwrap()];
        assert!(come(3).is_err(), "each has a third of the room");
        let others = second.iter().chain(&third);
        let others = others.filter(|member| reason(member).is_some()).count();
        assert_eq!((given_way(), others), (4, 1));
    }

    #[test]
    fn addresses_that_one_machine_may_choose_are_one_network() {
        let network = |text: &str| network(text.parse().unwrap());
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:1"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_ne!(network("10.0.0.1"), network("10.0.0.2"));
    }

    #[test]
    fn a_request_may_come_while_room_is_looked_for() {
        let (_clients, streams) = streams(2);
        let registry = Arc::new(Registry::new(1));
        let member = registry.register(&streams[0], HERE).unwrap();
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            let asks = || {
                while !is_over.load(Ordering::Relaxed) {
                    member.set_busy();
                    member.set_idle(Instant::now());
                }
            };
            scope.spawn(asks);
            let registers =
                || (0..200_000).for_each(|_| drop(registry.register(&streams[1], HERE)));
            let registered = catch_unwind(AssertUnwindSafe(registers));
            is_over.store(true, Ordering::Relaxed);
            registered.unwrap();
        });
    }

    #[test]
    fn a_stop_registers_nobody_and_waits_for_the_last() {
        let (_clients, streams) = streams(2);
        let registry = Arc::new(Registry::new(2));
        let member = registry.register(&streams[0], HERE).unwrap();
        registry.stop(unavailable());
        assert!(registry.register(&streams[1], HERE).is_err());
        assert_eq!(reason(&member), Some(Status::Unavailable));
        assert_eq!((&*streams[0]).read(&mut [0]).unwrap(), 0);
        assert_eq!(registry.wait_empty(Instant::now()), 0, "it is idle");
        member.set_busy();
        assert_eq!(registry.wait_empty(Instant::now()), 1);
        thread::spawn(move || drop(member));
        assert_eq!(registry.wait_empty(Instant::now() + Duration::from_secs(10)), 0);
    }
}
