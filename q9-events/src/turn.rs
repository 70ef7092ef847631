//! A turn of the loop: what it has taken, and the buffers that all connections use, one after the
//! other.

use std::io;
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::protocol::reply::Reply;
use common::protocol::request::REQUEST_SIZE;
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv};
use q3_threads::published::Published;

use crate::commit_queue::Group;

/// Requests of one connection that a turn takes at most: so one that never pauses delays nobody.
const REQUESTS_MAX: usize = 64;
/// Bytes of replies that wait to be sent on one connection at most.
pub(crate) const OUTPUT_MAX: usize = 16 * 1024;

/// What all connections use, one after the other: a connection that is idle holds no buffer.
#[derive(Debug)]
pub(crate) struct Turn {
    /// When it began.
    pub(crate) now: Instant,
    /// The reservations that it has taken.
    pub(crate) groups: Vec<Group>,
    /// The table for consultations.
    pub(crate) published: Arc<Published>,
    /// PID of this process, for the replies.
    pub(crate) server: i32,
    /// How long a connection may be silent.
    pub(crate) idle: Duration,
    /// What has arrived on the connection that is served, and was not taken yet.
    pub(crate) received: Vec<u8>,
    /// Its replies that are not sent yet.
    pub(crate) replies: Vec<u8>,
    /// The last of them.
    pub(crate) reply: Box<Reply>,
}

impl Turn {
    /// The first turn.
    pub(crate) fn new(published: Arc<Published>, server: i32, idle: Duration) -> Turn {
        Turn {
            now: Instant::now(),
            groups: Vec::new(),
            published,
            server,
            idle,
            received: Vec::with_capacity(REQUESTS_MAX * REQUEST_SIZE),
            replies: Vec::with_capacity(OUTPUT_MAX),
            reply: Box::default(),
        }
    }

    /// Receives what has arrived on a connection, as far as one turn takes it: how many bytes, 0 at
    /// its end. None if there is nothing now.
    ///
    /// # Errors
    /// ECONNRESET. See recv(2).
    pub(crate) fn receive(&mut self, stream: &TcpStream) -> io::Result<Option<usize>> {
        let before = self.received.len();
        self.received.resize(REQUESTS_MAX * REQUEST_SIZE, 0);
        let room = &mut self.received[before..];
        let size = recv(stream.as_raw_fd(), room, MsgFlags::MSG_DONTWAIT);
        self.received.truncate(before + size.unwrap_or(0));
        match size {
            Ok(size) => Ok(Some(size)),
            Err(Errno::EAGAIN | Errno::EINTR) => Ok(None),
            Err(errno) => Err(errno.into()),
        }
    }
}
