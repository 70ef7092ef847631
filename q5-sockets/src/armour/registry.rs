//! The connections there are: no more than there is room for, and the one idle longest makes room.

use std::collections::HashMap;
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use common::reply::Status;
use tracing::debug;

/// A connection that was idle for less stays: its client may be between two questions.
const IDLE_MIN: Duration = Duration::from_secs(1);
/// Connections that were told to make room and have not yet gone, at most.
const LEAVING_MAX: usize = 64;
/// Instead of a time: a request is being answered.
const BUSY: u64 = u64::MAX;

/// All connections that have a thread.
#[derive(Debug)]
pub struct Registry {
    members: Mutex<Members>,
    gone: Condvar,
    room: usize,
    start: Instant,
}

#[derive(Debug, Default)]
struct Members {
    all: HashMap<u64, Entry>,
    entered: u64,
    stopping: bool,
    cut: bool,
}

/// A reference to the stream, not a second descriptor: those are what runs out first.
#[derive(Debug)]
struct Entry {
    stream: Arc<TcpStream>,
    idle_since: Arc<AtomicU64>,
    leaving: bool,
}

/// One connection's place; dropping it, also in a panic, makes room.
#[derive(Debug)]
pub struct Member {
    registry: Arc<Registry>,
    id: u64,
    idle_since: Arc<AtomicU64>,
}

impl Registry {
    /// Nobody there, and room for `room`.
    pub fn new(room: usize) -> Registry {
        Registry { members: Mutex::default(), gone: Condvar::new(), room, start: Instant::now() }
    }

    /// A place for one more, if need be that of the connection idle longest; None if there is no
    /// room.
    pub fn enter(self: &Arc<Registry>, stream: &Arc<TcpStream>) -> Option<Member> {
        let mut members = self.lock();
        let staying = members.all.values().filter(|entry| !entry.leaving).count();
        let crowded = members.all.len() >= self.room + LEAVING_MAX;
        if members.stopping || crowded || (staying >= self.room && !self.make_room(&mut members)) {
            return None;
        }
        members.entered += 1;
        let (id, idle_since) =
            (members.entered, Arc::new(AtomicU64::new(self.millis(Instant::now()))));
        let entry =
            Entry { stream: stream.clone(), idle_since: idle_since.clone(), leaving: false };
        members.all.insert(id, entry);
        Some(Member { registry: self.clone(), id, idle_since })
    }

    /// Ends the connection that has been idle longest, if there is one.
    fn make_room(&self, members: &mut Members) -> bool {
        let staying = members.all.values_mut().filter(|entry| !entry.leaving);
        // Looked at once: its thread may say something else a moment later.
        let since = staying.map(|entry| (entry.idle_since.load(Ordering::Relaxed), entry));
        let longest = since.min_by_key(|&(since, _)| since);
        let (now, least) = (self.millis(Instant::now()), IDLE_MIN.as_millis() as u64);
        let is_long = |since: u64| since.saturating_add(least) <= now;
        let Some((_, longest)) = longest.filter(|&(since, _)| is_long(since)) else {
            return false;
        };
        longest.leaving = true;
        shut(&longest.stream, Shutdown::Read);
        true
    }

    /// Lets nobody in any more and has every connection end when what it has received is answered.
    pub fn stop(&self) {
        let mut members = self.lock();
        members.stopping = true;
        members.all.values().for_each(|entry| shut(&entry.stream, Shutdown::Read));
    }

    /// Ends all connections at once, whatever they wait for.
    pub fn cut(&self) {
        let mut members = self.lock();
        members.cut = true;
        members.all.values().for_each(|entry| shut(&entry.stream, Shutdown::Both));
    }

    /// Waits until nobody is there, until `deadline` at most; returns how many still are.
    pub fn wait_empty(&self, deadline: Instant) -> usize {
        let left = deadline.saturating_duration_since(Instant::now());
        let waited =
            self.gone.wait_timeout_while(self.lock(), left, |members| !members.all.is_empty());
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
    /// A request has come: until it is answered nobody takes this place.
    pub fn busy(&self) {
        self.idle_since.store(BUSY, Ordering::Relaxed);
    }

    /// It was answered.
    pub fn idle(&self, now: Instant) {
        self.idle_since.store(self.registry.millis(now), Ordering::Relaxed);
    }

    /// Whether the last answer is so fresh that it may still be on its way.
    pub fn was_asked_lately(&self) -> bool {
        let since = self.idle_since.load(Ordering::Relaxed);
        since.saturating_add(IDLE_MIN.as_millis() as u64) > self.registry.millis(Instant::now())
    }

    /// Whether all connections are to end at once.
    pub fn is_cut(&self) -> bool {
        self.registry.lock().cut
    }

    /// Why we end this connection, as its client is told; None if it is not we who do.
    pub fn told(&self) -> Option<Status> {
        let members = self.registry.lock();
        match members.all.get(&self.id) {
            _ if members.stopping => Some(Status::Unavailable),
            Some(entry) if entry.leaving => Some(Status::Busy),
            _ => None,
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let mut members = self.registry.lock();
        members.all.remove(&self.id);
        if members.all.is_empty() {
            self.registry.gone.notify_all();
        }
    }
}

/// The thread that waits in a call on this stream comes back.
fn shut(stream: &TcpStream, how: Shutdown) {
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
        let first = registry.enter(&streams[0]).unwrap();
        let second = registry.enter(&streams[1]).unwrap();
        assert!(registry.enter(&streams[2]).is_none(), "both are new");
        first.busy();
        second.idle_since.store(0, Ordering::Relaxed);
        thread::park_timeout(IDLE_MIN + Duration::from_millis(20));
        let third = registry.enter(&streams[2]).unwrap();
        assert_eq!((&*streams[1]).read(&mut [0]).unwrap(), 0, "its thread would come back");
        let told = [first.told(), second.told(), third.told()];
        assert_eq!(told, [None, Some(Status::Busy), None]);
        drop(second);
        assert!(registry.enter(&streams[3]).is_none());
        drop(first);
        assert!(registry.enter(&streams[3]).is_some());
    }

    #[test]
    fn a_request_may_come_while_room_is_looked_for() {
        let (_clients, streams) = streams(2);
        let registry = Arc::new(Registry::new(1));
        let member = registry.enter(&streams[0]).unwrap();
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            let asks = || {
                while !is_over.load(Ordering::Relaxed) {
                    member.busy();
                    member.idle(Instant::now());
                }
            };
            scope.spawn(asks);
            let look = || (0..200_000).for_each(|_| drop(registry.enter(&streams[1])));
            let looked = catch_unwind(AssertUnwindSafe(look));
            is_over.store(true, Ordering::Relaxed);
            looked.unwrap();
        });
    }

    #[test]
    fn a_stop_lets_nobody_in_and_waits_for_the_last() {
        let (_clients, streams) = streams(2);
        let registry = Arc::new(Registry::new(2));
        let member = registry.enter(&streams[0]).unwrap();
        registry.stop();
        assert!(registry.enter(&streams[1]).is_none());
        assert_eq!(member.told(), Some(Status::Unavailable));
        assert_eq!((&*streams[0]).read(&mut [0]).unwrap(), 0);
        assert_eq!(registry.wait_empty(Instant::now()), 1);
        thread::spawn(move || drop(member));
        assert_eq!(registry.wait_empty(Instant::now() + Duration::from_secs(10)), 0);
    }
}
