//! The handshakes that are going on: no more than there is room for, and the oldest makes room.
//!
//! This stops clients that begin handshakes and never end them from taking every connection: `tls`
//! `half_done_handshakes_delay_nobody`.

use std::collections::VecDeque;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Handshakes at most. Each has a thread and a connection; with one more the oldest is closed.
pub const HANDSHAKES_MAX: usize = 256;

/// The sockets of connections in handshake, the oldest first.
#[derive(Debug, Default)]
pub struct Handshakes(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    all: VecDeque<(u64, Weak<TcpStream>)>,
    last_id: u64,
}

/// A place among them, until it is dropped.
#[derive(Debug)]
pub struct Place<'a> {
    handshakes: &'a Handshakes,
    id: u64,
}

impl Handshakes {
    /// Takes a place, if need be that of the oldest, whose connection is shut down.
    pub fn begin(&self, socket: &Arc<TcpStream>) -> Place<'_> {
        let mut entries = self.lock();
        if entries.all.len() >= HANDSHAKES_MAX
            && let Some((_, oldest)) = entries.all.pop_front()
            && let Some(oldest) = oldest.upgrade()
        {
            // It may be closed by now, which is what is wanted.
            let _ = oldest.shutdown(Shutdown::Both);
        }
        entries.last_id += 1;
        let id = entries.last_id;
        entries.all.push_back((id, Arc::downgrade(socket)));
        Place { handshakes: self, id }
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        // Nothing can panic between lock and unlock here.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.handshakes.lock().all.retain(|(id, _)| *id != self.id);
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
        places.push(handshakes.begin(&other));
        assert_eq!(oldest.read(&mut [0]).unwrap(), 0, "it is closed");
        assert!((&second_client).read(&mut [0]).is_err(), "it stays");
        drop((first, second));
        assert_eq!(handshakes.lock().all.len(), places.len());
    }
}
