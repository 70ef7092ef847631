//! Refused connections: each is told that there is no room, and is closed a moment later, because
//! a close at once would destroy the reply.
//!
//! This stops clients beyond the limit from delaying the accepting thread: `sockets`
//! `a_connection_without_room_reads_that_the_server_is_busy`.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::protocol::reply::Reply;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{MsgFlags, send};
use tracing::debug;

use crate::stream::{Layer, Plain};

/// Open connections at most. With one more the oldest is closed, as its client had the most time.
pub const REFUSED_MAX: usize = 64;
/// How long a client may take to read that it is refused, and to close.
const LINGER_MAX: Duration = Duration::from_secs(1);
/// How long a stop leaves them for that.
const FINISH_MAX: Duration = Duration::from_millis(200);
/// Reads per connection and call of [`Refused::drain`] at most, so that a flood delays nobody.
const READS_MAX: usize = 4;

/// How a service makes the streams of its connections, and refuses those that find no room.
pub trait Accept: Layer + Send + Sync + 'static {
    /// Refuses a connection with a reply that is meant for all of it, and waits for nobody.
    fn refuse(self: &Arc<Self>, stream: Arc<TcpStream>, reply: &Reply, refused: &mut Refused);
}

impl Accept for Plain {
    fn refuse(self: &Arc<Self>, stream: Arc<TcpStream>, reply: &Reply, refused: &mut Refused) {
        refused.add(stream, reply.bytes());
    }
}

/// The refused connections, the oldest first.
#[derive(Debug, Default)]
pub struct Refused {
    /// Each until its deadline.
    open: VecDeque<(Arc<TcpStream>, Instant)>,
    count: u64,
}

impl Refused {
    /// How many were refused so far.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Counts one that was refused elsewhere.
    pub fn count_one(&mut self) {
        self.count += 1;
    }

    /// Refuses a connection with a reply, in bytes, that is meant for all of it, and leaves it open for
    /// now.
    ///
    /// The client's request is on its way. If it is unread at the close, the kernel sends a reset,
    /// and that destroys what the client has not read yet.
    pub fn add(&mut self, stream: Arc<TcpStream>, reply: &[u8]) {
        self.count_one();
        let sent = send_now(&stream, reply)
            .and_then(|()| stream.shutdown(Shutdown::Write))
            .and_then(|()| stream.set_nonblocking(true));
        if let Err(error) = sent {
            return debug!("a refused connection is gone: {error}");
        }
        if self.open.len() == REFUSED_MAX {
            self.open.pop_front();
        }
        self.open.push_back((stream, Instant::now() + LINGER_MAX));
    }

    /// Discards what they have sent, and closes those that have closed or whose time is over.
    pub fn drain(&mut self) {
        let now = Instant::now();
        self.open.retain(|(stream, until)| now < *until && drain(stream));
    }

    /// At a stop: waits until all have closed, but not for long.
    ///
    /// # Errors
    /// ENOMEM. See poll(2).
    pub fn finish(&mut self) -> io::Result<()> {
        let deadline = Instant::now() + FINISH_MAX;
        self.open.iter_mut().for_each(|(_, until)| *until = deadline.min(*until));
        loop {
            self.drain();
            if self.open.is_empty() {
                return Ok(());
            }
            match poll(&mut self.poll_fds().collect::<Vec<_>>(), self.timeout()) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    /// What to wait for on their behalf.
    pub fn poll_fds(&self) -> impl Iterator<Item = PollFd<'_>> {
        self.open.iter().map(|(stream, _)| PollFd::new(stream.as_fd(), PollFlags::POLLIN))
    }

    /// How long to wait for it.
    pub fn timeout(&self) -> PollTimeout {
        let Some((_, until)) = self.open.front() else { return PollTimeout::NONE };
        // Rounded up: a poll that ends a fraction of a millisecond early would spin.
        let left = until.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
        PollTimeout::try_from(left).unwrap_or(PollTimeout::ZERO)
    }
}

/// Sends a reply if there is room for it at once, and never waits.
fn send_now(stream: &TcpStream, reply: &[u8]) -> io::Result<()> {
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
    send(stream.as_raw_fd(), reply, flags)?;
    Ok(())
}

/// Reads what has arrived. False if the other side has closed.
fn drain(mut stream: &TcpStream) -> bool {
    let mut discarded = [0; 4096];
    for _ in 0..READS_MAX {
        match stream.read(&mut discarded) {
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
