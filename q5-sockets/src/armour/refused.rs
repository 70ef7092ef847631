//! Connections for which there is no room: told so, and kept for a moment, because a close at once
//! would destroy the answer.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::reply::Reply;
use nix::poll::{PollFd, PollFlags, PollTimeout};
use tracing::debug;

use crate::armour::lingering_close::send_now;

/// Connections kept at most; beyond it the oldest is closed, as its client has had the most time.
pub const REFUSED_MAX: usize = 64;
/// How long a client may take to read that it is refused, and to close.
const KEPT: Duration = Duration::from_secs(1);
/// Pieces that are thrown away per connection and turn: a flood delays nobody.
const PIECES: usize = 4;

/// The refused connections, the oldest first.
#[derive(Debug, Default)]
pub struct Refused {
    kept: VecDeque<(Arc<TcpStream>, Instant)>,
    count: u64,
}

impl Refused {
    /// How many there were.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Sends a reply that speaks for the whole connection, and keeps it.
    ///
    /// A close with unread bytes, the request that is on its way, sends a reset, and that destroys
    /// what the client has not yet read.
    pub fn tell(&mut self, stream: Arc<TcpStream>, reply: &Reply) {
        self.count += 1;
        let told = send_now(&stream, reply)
            .and_then(|()| stream.shutdown(Shutdown::Write))
            .and_then(|()| stream.set_nonblocking(true));
        if let Err(error) = told {
            return debug!("a refused connection is gone: {error}");
        }
        if self.kept.len() == REFUSED_MAX {
            self.kept.pop_front();
        }
        self.kept.push_back((stream, Instant::now() + KEPT));
    }

    /// Throws away what they have sent, and closes those that have closed or had their time.
    pub fn tend(&mut self) {
        let now = Instant::now();
        self.kept.retain(|(stream, until)| now < *until && is_open(stream));
    }

    /// What to wait for on their behalf.
    pub fn poll_fds(&self) -> impl Iterator<Item = PollFd<'_>> {
        self.kept.iter().map(|(stream, _)| PollFd::new(stream.as_fd(), PollFlags::POLLIN))
    }

    /// How long to wait for it.
    pub fn timeout(&self) -> PollTimeout {
        let Some((_, until)) = self.kept.front() else { return PollTimeout::NONE };
        // Rounded up: a poll that ends a fraction of a millisecond early would spin.
        let left = until.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
        PollTimeout::try_from(left).unwrap_or(PollTimeout::ZERO)
    }
}

/// Reads what there is; false at the end.
fn is_open(mut stream: &TcpStream) -> bool {
    let mut piece = [0; 4096];
    for _ in 0..PIECES {
        match stream.read(&mut piece) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
            Err(error) => {
                debug!("a refused connection is gone: {error}");
                return false;
            }
        }
    }
    true
}
