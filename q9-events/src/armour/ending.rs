//! The end of a connection that we end: what was decided is answered, the rest is told that it was
//! not done, and the close destroys no reply.
//!
//! The protocol, at a stop, to make room, and for a connection without room:
//!
//! 1. No request is taken any more.
//! 2. Replies of reservations that are at the disk, and those that found no room, leave first.
//! 3. `status` with nonce 0 says that whatever has no reply was not done.
//! 4. What still comes is discarded until the client closes, or `until`. If bytes are unread at a
//!    close, the kernel sends a reset, and a reset destroys replies that are still on their way.
//!
//! Nobody waits in this protocol. Each step is taken when the loop comes by.
//!
//! This stops our own `close` from taking replies along: `sockets`
//! `every_acknowledgement_of_a_stopping_server_arrives`.

use std::io;
use std::mem::take;
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use common::protocol::reply::Status;
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv};
use q5_sockets::armour::lingering_close::for_connection;
use q5_sockets::channel::REPLY_TIME;

use crate::write_half::WriteHalf;

/// How long a connection may stay until its last replies have arrived.
const LINGER_MAX: Duration = Duration::from_millis(500);
/// The same for one that is refused.
const REFUSED_MAX: Duration = Duration::from_secs(1);
/// A connection that was idle for less may have bytes on their way.
pub(crate) const IDLE_MIN: Duration = Duration::from_secs(1);
/// Bytes that one step discards at most.
const DISCARDED_MAX: usize = 16 * 1024;

/// What becomes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Stays,
    Ends,
}

/// What is still to be done before a connection is closed.
#[derive(Debug)]
pub(crate) struct Ending {
    /// What the client is told about requests without a reply.
    word: Option<Status>,
    /// Whether the sending side is shut down after that.
    shuts_down: bool,
    /// How long it may stay then.
    linger: Duration,
    /// Until when all of this may take.
    pub(crate) until: Instant,
}

impl Ending {
    /// That of a connection in which no request can be found any more.
    pub(crate) fn after_garbage(now: Instant) -> Ending {
        Ending { word: None, shuts_down: true, linger: LINGER_MAX, until: now + REPLY_TIME }
    }

    /// That of a connection for which there is no room.
    pub(crate) fn refused(status: Status, now: Instant) -> Ending {
        let until = now + REFUSED_MAX;
        Ending { word: Some(status), shuts_down: true, linger: REFUSED_MAX, until }
    }

    /// That of a connection that was served. Its sending side stays open: a socket that is shut down
    /// both ways answers whatever arrives with a reset.
    pub(crate) fn of(status: Status, was_idle: bool, until: Instant) -> Ending {
        let linger = if was_idle { Duration::ZERO } else { LINGER_MAX };
        Ending { word: Some(status), shuts_down: false, linger, until }
    }

    /// Takes the next step, when all replies are sent.
    ///
    /// # Errors
    /// EPIPE, ECONNRESET, ENOTCONN. See send(2).
    pub(crate) fn advance(
        &mut self,
        half: &WriteHalf,
        server: i32,
        now: Instant,
    ) -> io::Result<Fate> {
        if let Some(status) = self.word.take() {
            // Without room for it, the client does not read, and would not read this either.
            half.send(for_connection(status, server).bytes())?;
            self.until = self.until.min(now + self.linger);
        }
        if take(&mut self.shuts_down) {
            half.stream.shutdown(Shutdown::Write)?;
            self.until = self.until.min(now + self.linger);
        }
        if self.linger.is_zero() {
            return Ok(Fate::Ends);
        }
        match recv(half.stream.as_raw_fd(), &mut [0; DISCARDED_MAX], MsgFlags::MSG_DONTWAIT) {
            Ok(0) => Ok(Fate::Ends),
            Ok(_) | Err(Errno::EAGAIN | Errno::EINTR) => Ok(Fate::Stays),
            Err(errno) => Err(errno.into()),
        }
    }
}
