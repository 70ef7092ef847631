//! The registry of connections: no more than there is room for, and the one idle longest makes room.
//!
//! This stops clients that connect and stay: `sockets`
//! `a_connection_without_room_reads_that_the_server_is_busy`.

use std::collections::HashMap;
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use common::reply::Status;
use tracing::debug;

/// A connection that was idle for less stays: its client may be between two questions.
const IDLE_MIN: Duration = Duration::from_secs(1);
/// Connections that were closed to make room and whose thread has not ended yet, at most.
const LEAVING_MAX: usize = 64;
/// Instead of a time: a request is being answered.
const BUSY: u64 = u64::MAX;

/// All connections that have a thread.
#[derive(Debug)]
pub struct Registry {
    members: Mutex<Members>,
    is_empty: Condvar,
    room: usize,
    start: Instant,
}

#[derive(Debug, Default)]
struct Members {
    all: HashMap<u64, Entry>,
    last_id: u64,
    is_stopping: bool,
    is_aborted: bool,
}

/// A connection in the registry. It shares the stream, because a second descriptor for each
/// connection would halve their number.
#[derive(Debug)]
struct Entry {
    stream: Arc<TcpStream>,
    idle_since: Arc<AtomicU64>,
    is_leaving: bool,
}

/// The registration of one connection. Dropping it, also in a panic, makes room for another.
#[derive(Debug)]
pub struct Member {
    registry: Arc<Registry>,
    id: u64,
    idle_since: Arc<AtomicU64>,
}

impl Registry {
    /// An empty registry with room for `room` connections.
    pub fn new(room: usize) -> Registry {
        Registry {
            members: Mutex::default(),
            is_empty: Condvar::new(),
            room,
            start: Instant::now(),
        }
    }

    /// Registers a connection, if need be in the place of the one idle longest. None if there is no
    /// room.
    pub fn register(self: &Arc<Registry>, stream: &Arc<TcpStream>) -> Option<Member> {
        let mut members = self.lock();
        let staying = members.all.values().filter(|entry| !entry.is_leaving).count();
        let is_full = members.all.len() >= self.room + LEAVING_MAX;
        if members.is_stopping || is_full {
            return None;
        }
        if staying >= self.room && !self.evict_idle(&mut members) {
            return None;
        }
        members.last_id += 1;
        let id = members.last_id;
        let idle_since = Arc::new(AtomicU64::new(self.millis(Instant::now())));
        let entry =
            Entry { stream: stream.clone(), idle_since: idle_since.clone(), is_leaving: false };
        members.all.insert(id, entry);
        Some(Member { registry: self.clone(), id, idle_since })
    }

    /// Closes the connection that has been idle longest. False if none was idle for long enough.
    fn evict_idle(&self, members: &mut Members) -> bool {
        let staying = members.all.values_mut().filter(|entry| !entry.is_leaving);
        // Each time is loaded once, because its thread may change it a moment later.
        let since = staying.map(|entry| (entry.idle_since.load(Ordering::Relaxed), entry));
        let longest = since.min_by_key(|&(since, _)| since);
        let now = self.millis(Instant::now());
        let least = IDLE_MIN.as_millis() as u64;
        let is_long = |since: u64| since.saturating_add(least) <= now;
        let Some((_, longest)) = longest.filter(|&(since, _)| is_long(since)) else {
            return false;
        };
        longest.is_leaving = true;
        shutdown(&longest.stream, Shutdown::Read);
        true
    }

    /// Closes all connections, and registers no more. Until `answer_deadline` they can answer what
    /// they have received; then they are aborted. Returns how many are still there at `deadline`.
    pub fn close_all(&self, answer_deadline: Instant, deadline: Instant) -> usize {
        self.stop();
        if self.wait_empty(answer_deadline) > 0 {
            self.abort();
        }
        self.wait_empty(deadline)
    }

    /// Registers no more. Each connection ends when what it has received is answered.
    fn stop(&self) {
        let mut members = self.lock();
        members.is_stopping = true;
        members.all.values().for_each(|entry| shutdown(&entry.stream, Shutdown::Read));
    }

    /// Ends all connections at once, whatever they wait for.
    fn abort(&self) {
        let mut members = self.lock();
        members.is_aborted = true;
        members.all.values().for_each(|entry| shutdown(&entry.stream, Shutdown::Both));
    }

    /// Waits until there is no connection, until `deadline` at most; returns how many there still
    /// are.
    fn wait_empty(&self, deadline: Instant) -> usize {
        let left = deadline.saturating_duration_since(Instant::now());
        let are_left = |members: &mut Members| !members.all.is_empty();
        let waited = self.is_empty.wait_timeout_while(self.lock(), left, are_left);
        waited.unwrap_or_else(PoisonError::into_inner).0.all.len()
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

impl Member {
    /// A request has come: until it is answered, this connection is not closed to make room.
    pub fn set_busy(&self) {
        self.idle_since.store(BUSY, Ordering::Relaxed);
    }

    /// The request was answered.
    pub fn set_idle(&self, now: Instant) {
        self.idle_since.store(self.registry.millis(now), Ordering::Relaxed);
    }

    /// Whether the last answer is so fresh that it may still be on its way.
    pub fn was_active_lately(&self) -> bool {
        let since = self.idle_since.load(Ordering::Relaxed);
        since.saturating_add(IDLE_MIN.as_millis() as u64) > self.registry.millis(Instant::now())
    }

    /// Whether all connections are to end at once.
    pub fn is_aborted(&self) -> bool {
        self.registry.lock().is_aborted
    }

    /// The status that tells the client why we close this connection; None if we do not close it.
    pub fn close_reason(&self) -> Option<Status> {
        let members = self.registry.lock();
        match members.all.get(&self.id) {
            _ if members.is_stopping => Some(Status::Unavailable),
            Some(entry) if entry.is_leaving => Some(Status::Busy),
            _ => None,
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let mut members = self.registry.lock();
        members.all.remove(&self.id);
        if members.all.is_empty() {
            self.registry.is_empty.notify_all();
        }
    }
}

/// Shuts a stream down. A thread that waits in a call on it returns.
fn shutdown(stream: &TcpStream, how: Shutdown) {
    if let Err(error) = stream.shutdown(how) {
        debug!("a connection was closed already: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::net::TcpListener;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::AtomicBool;
    use std::thread;

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
        let first = registry.register(&streams[0]).unwrap();
        let second = registry.register(&streams[1]).unwrap();
        assert!(registry.register(&streams[2]).is_none(), "both are new");
        first.set_busy();
        second.idle_since.store(0, Ordering::Relaxed);
        thread::park_timeout(IDLE_MIN + Duration::from_millis(20));
        let third = registry.register(&streams[2]).unwrap();
        assert_eq!((&*streams[1]).read(&mut [0]).unwrap(), 0, "its thread returns");
        let reasons = [first.close_reason(), second.close_reason(), third.close_reason()];
        assert_eq!(reasons, [None, Some(Status::Busy), None]);
        drop(second);
        assert!(registry.register(&streams[3]).is_none());
        drop(first);
        assert!(registry.register(&streams[3]).is_some());
    }

    #[test]
    fn a_request_may_come_while_room_is_looked_for() {
        let (_clients, streams) = streams(2);
        let registry = Arc::new(Registry::new(1));
        let member = registry.register(&streams[0]).unwrap();
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            let asks = || {
                while !is_over.load(Ordering::Relaxed) {
                    member.set_busy();
                    member.set_idle(Instant::now());
                }
            };
            scope.spawn(asks);
            let registers = || (0..200_000).for_each(|_| drop(registry.register(&streams[1])));
            let registered = catch_unwind(AssertUnwindSafe(registers));
            is_over.store(true, Ordering::Relaxed);
            registered.unwrap();
        });
    }

    #[test]
    fn a_stop_registers_nobody_and_waits_for_the_last() {
        let (_clients, streams) = streams(2);
        let registry = Arc::new(Registry::new(2));
        let member = registry.register(&streams[0]).unwrap();
        registry.stop();
        assert!(registry.register(&streams[1]).is_none());
        assert_eq!(member.close_reason(), Some(Status::Unavailable));
        assert_eq!((&*streams[0]).read(&mut [0]).unwrap(), 0);
        assert_eq!(registry.wait_empty(Instant::now()), 1);
        thread::spawn(move || drop(member));
        assert_eq!(registry.wait_empty(Instant::now() + Duration::from_secs(10)), 0);
    }
}
