//! The handshakes that are going on: no more than there is room for, and the oldest makes room.
//!
//! This stops clients that begin handshakes and never end them from taking every connection: `tls`
//! `half_done_handshakes_delay_nobody`.

use std::collections::VecDeque;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

/// Handshakes at most. Each has a thread and a connection; with one more the oldest is closed.
pub const HANDSHAKES_MAX: usize = 256;
/// One that began later stays: its client may only be one of many that came together. Then the next
/// one waits for its end.
const AGE_MIN: Duration = Duration::from_secs(1);

/// The sockets of connections in handshake, the oldest first.
#[derive(Debug, Default)]
pub struct Handshakes {
    entries: Mutex<Entries>,
    has_changed: Condvar,
}

#[derive(Debug, Default)]
struct Entries {
    all: VecDeque<Entry>,
    last_id: u64,
}

#[derive(Debug)]
struct Entry {
    id: u64,
    socket: Weak<TcpStream>,
    begun: Instant,
}

/// A place among them, until it is dropped.
#[derive(Debug)]
pub struct Place<'a> {
    handshakes: &'a Handshakes,
    id: u64,
}

impl Handshakes {
    /// Takes a place, and waits for it if need be; or takes that of the oldest, whose connection is
    /// shut down.
    pub fn begin(&self, socket: &Arc<TcpStream>) -> Place<'_> {
        let mut entries = self.lock();
        while entries.all.len() >= HANDSHAKES_MAX {
            let age = entries.all.front().map_or(AGE_MIN, |oldest| oldest.begun.elapsed());
            if age >= AGE_MIN {
                let oldest = entries.all.pop_front().and_then(|oldest| oldest.socket.upgrade());
                // If it is closed by now, that is what was wanted.
                let _ = oldest.map(|oldest| oldest.shutdown(Shutdown::Both));
            } else {
                let waited = self.has_changed.wait_timeout(entries, AGE_MIN - age);
                entries = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
        }
        entries.last_id += 1;
        let id = entries.last_id;
        let socket = Arc::downgrade(socket);
        entries.all.push_back(Entry { id, socket, begun: Instant::now() });
        Place { handshakes: self, id }
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        // Nothing can panic between lock and unlock here.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.handshakes.lock().all.retain(|entry| entry.id != self.id);
        self.handshakes.has_changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::net::TcpListener;

    #[test]
    fn the_oldest_makes_room_and_the_others_stay() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let pair = || {
            let client = TcpStream::connect(address).unwrap();
            (client, Arc::new(listener.accept().unwrap().0))
        };
        let handshakes = Handshakes::default();
        let (mut oldest, first) = pair();
        let (second_client, second) = pair();
        let first = (handshakes.begin(&first), first);
        let second = (handshakes.begin(&second), second);
        let (_other, other) = pair();
        let mut places: Vec<_> = (2..HANDSHAKES_MAX).map(|_| handshakes.begin(&other)).collect();
        second_client.set_nonblocking(true).unwrap();
        let before = Instant::now();
        places.push(handshakes.begin(&other));
        assert!(before.elapsed() > AGE_MIN / 2, "they came together");
        assert_eq!(oldest.read(&mut [0]).unwrap(), 0, "it is closed");
        assert!((&second_client).read(&mut [0]).is_err(), "it stays");
        drop((first, second));
        assert_eq!(handshakes.lock().all.len(), places.len());
    }
}
