//! A connection: bytes of one client, in order and of any cut, from which requests are taken; no
//! call on it waits for ever.

use std::io;
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::protocol::reply::{REPLY_MAX, Reply};
use common::protocol::request::{REQUEST_SIZE, Request};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::armour::closing::{Closing, End};
use crate::armour::deadline::Deadline;
use crate::framing::{self, Frame};
use crate::stream::{Stream, Tcp, Unsent};

/// How long a request may take from its first byte to its last.
pub const REQUEST_TIME: Duration = Duration::from_secs(5);
/// How long a reply may wait for a client that does not read.
pub const REPLY_TIME: Duration = Duration::from_secs(5);
/// How often a wait for room looks whether the connection is to end.
const ROOM_POLL: Duration = Duration::from_millis(20);
/// Bytes that one call receives at most: the largest reply for a client, 24 requests for the server.
/// It is small because the server has such a buffer for each client, also for those that are silent.
const BUFFER_SIZE: usize = REPLY_MAX.next_multiple_of(REQUEST_SIZE);

/// What there was to receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// A request, legal or not; the next one can be found behind it.
    Request(Request),
    /// No request, or one that was not complete in time. No request can be found behind it.
    Garbage(Request),
    /// Nothing has come for as long as a connection may be idle.
    Idle,
    /// The other side sends no more, or we have shut down our read side, or no more is taken.
    Closed,
}

/// One end of a connection.
#[derive(Debug)]
pub struct Connection<S = Tcp> {
    pub(crate) stream: S,
    buffer: Box<[u8; BUFFER_SIZE]>,
    /// Where in the buffer the bytes stand that have arrived and were not consumed.
    start: usize,
    end: usize,
    /// How long nothing may arrive between two requests.
    idle: Duration,
    /// Set when we end the connection.
    closing: End,
}

impl Connection {
    /// A connection over a connected socket. Others may share the socket to shut it down.
    ///
    /// `idle` and `closing`: see [`Connection::over`].
    ///
    /// # Errors
    /// EINVAL if the other side has reset it already. See tcp(7).
    pub fn new(stream: Arc<TcpStream>, idle: Duration, closing: End) -> io::Result<Connection> {
        Ok(Connection::over(Tcp::new(stream, idle)?, idle, closing))
    }
}

impl<S: Stream> Connection<S> {
    /// A connection over a stream.
    ///
    /// `idle` is the time-out that most calls need: how long to wait for a client that is silent. The
    /// connection ends when `closing` is set; a client's never is.
    pub fn over(stream: S, idle: Duration, closing: End) -> Connection<S> {
        Connection { stream, buffer: Box::new([0; BUFFER_SIZE]), start: 0, end: 0, idle, closing }
    }

    /// The next request: mostly one system call, which may bring several. `now` is the time, which
    /// the caller has just read.
    ///
    /// # Errors
    /// ECONNRESET, ETIMEDOUT. See recv(2).
    pub fn receive(&mut self, now: Instant) -> io::Result<Incoming> {
        let mut just_now = Some(now);
        let mut deadline = None;
        loop {
            let bytes = self.received();
            match framing::request(bytes) {
                Frame::Whole(request, size) => {
                    self.consume(size);
                    return Ok(Incoming::Request(request));
                }
                Frame::Incomplete => {}
                Frame::Garbage => return Ok(Incoming::Garbage(broken(bytes))),
            }
            // Set once, at the first byte of a request: bytes that follow one by one do not move it.
            let idle = bytes.is_empty();
            let now = just_now.take().unwrap_or_else(Instant::now);
            let end = match deadline {
                Some(end) => end,
                None if idle => now + self.idle,
                None => *deadline.insert(now + REQUEST_TIME),
            };
            match self.fill(Deadline::new(now, end)) {
                Ok(0) => return Ok(Incoming::Closed),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::TimedOut && idle => {
                    return Ok(Incoming::Idle);
                }
                Err(error) if is_deadline(&error) => {
                    return Ok(Incoming::Garbage(broken(self.received())));
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The next request if it has been received whole with an earlier one and `wanted` says so.
    pub fn next_if(&mut self, wanted: impl Fn(&Request) -> bool) -> Option<Request> {
        match framing::request(self.received()) {
            Frame::Whole(request, size) if wanted(&request) => {
                self.consume(size);
                Some(request)
            }
            _ => None,
        }
    }

    /// How the connection is to end, if we end it.
    pub(crate) fn closing(&self) -> Option<Closing> {
        self.closing.get().copied()
    }

    /// Whether another request may be taken. If we end the connection, no more is received than what
    /// has arrived by the first call that knows so.
    ///
    /// # Errors
    /// None that can happen. See tcp(7), FIONREAD.
    pub(crate) fn may_take(&mut self, now: Instant) -> io::Result<bool> {
        let Some(closing) = self.closing() else { return Ok(true) };
        self.stream.tcp_mut().take_what_has_arrived()?;
        Ok(now < closing.answer_until)
    }

    /// Waits until there is room for the replies to all requests that have been received. To be
    /// called before reservations are decided: so no decision waits for a client that does not read.
    ///
    /// # Errors
    /// EPIPE if the connection is lost; TimedOut if there is no room in time.
    pub fn wait_for_room(&self) -> io::Result<()> {
        if has_room(self.stream.tcp(), Duration::ZERO)? {
            return Ok(());
        }
        wait_for_room_until(self.stream.tcp(), &self.closing, Instant::now() + REPLY_TIME)
    }

    /// Sends a reply: one write, unless the client does not read.
    ///
    /// # Errors
    /// EPIPE, ECONNRESET; TimedOut if it is not taken in time. See send(2).
    pub fn reply(&mut self, reply: &Reply) -> io::Result<()> {
        self.send(reply.bytes(), Deadline::after(REPLY_TIME)).map_err(|unsent| unsent.error)
    }

    /// Sends all bytes before the deadline.
    ///
    /// # Errors
    /// EPIPE, ECONNRESET, TimedOut; says whether a part was sent. See send(2).
    pub fn send(&mut self, bytes: &[u8], deadline: Deadline) -> Result<(), Unsent> {
        let closing = &self.closing;
        self.stream.send(bytes, |tcp| wait_for_room_until(tcp, closing, deadline.end()))
    }

    /// Sends a reply if there is room for it at once, and never waits.
    ///
    /// # Errors
    /// EAGAIN, EPIPE, ECONNRESET. See send(2).
    pub(crate) fn reply_now(&mut self, reply: &Reply) -> io::Result<()> {
        let never = |_: &Tcp| Err(io::ErrorKind::WouldBlock.into());
        self.stream.send(reply.bytes(), never).map_err(|unsent| unsent.error)
    }

    /// The bytes that have arrived and were not consumed.
    pub fn received(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Removes bytes from the front of those that have arrived.
    pub fn consume(&mut self, size: usize) {
        self.start += size;
    }

    /// Receives what there is, waiting for it until the deadline; 0: the other side has closed.
    ///
    /// # Errors
    /// ECONNRESET, TimedOut. See recv(2).
    pub fn fill(&mut self, deadline: Deadline) -> io::Result<usize> {
        // What is left is the part of one record. At the front it has room for its rest.
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        let size = self.stream.read(&mut self.buffer[self.end..], deadline)?;
        self.end += size;
        Ok(size)
    }

    /// Receives and discards what there is, waiting for it until the deadline; 0: the other side has
    /// closed.
    ///
    /// # Errors
    /// ECONNRESET, TimedOut. See recv(2).
    pub(crate) fn discard(&mut self, deadline: Deadline) -> io::Result<usize> {
        (self.start, self.end) = (0, 0);
        let tcp = self.stream.tcp_mut();
        tcp.take_all();
        tcp.read(&mut *self.buffer, deadline)
    }

    /// Whether the connection is open and nothing waits to be received, as between two questions.
    pub fn is_quiet(&mut self) -> bool {
        self.received().is_empty() && self.stream.is_quiet()
    }

    /// Whether the other side has refused the whole connection, and done nothing on it.
    pub(crate) fn is_refused(&self) -> bool {
        self.stream.is_refused()
    }
}

/// Waits until a socket has room, until `end` at most, and not for long once the connection ends.
///
/// # Errors
/// EPIPE if the connection is lost; TimedOut if there is no room in time.
pub fn wait_for_room_until(tcp: &Tcp, closing: &End, end: Instant) -> io::Result<()> {
    loop {
        let now = Instant::now();
        let end = closing.get().map_or(end, |closing| end.min(closing.answer_until));
        if now >= end {
            return Err(io::ErrorKind::TimedOut.into());
        }
        if has_room(tcp, ROOM_POLL.min(end - now))? {
            return Ok(());
        }
    }
}

/// Whether there is room for some replies within `limit`, which a signal may shorten.
fn has_room(tcp: &Tcp, limit: Duration) -> io::Result<bool> {
    let mut events = [PollFd::new(tcp.as_fd(), PollFlags::POLLOUT)];
    match poll(&mut events, PollTimeout::try_from(limit).unwrap_or(PollTimeout::ZERO)) {
        Ok(0) | Err(Errno::EINTR) => Ok(false),
        Ok(_) if events[0].revents() == Some(PollFlags::POLLOUT) => Ok(true),
        Ok(_) => Err(io::ErrorKind::BrokenPipe.into()),
        Err(errno) => Err(errno.into()),
    }
}

/// What is answered when no request can be found: its client and nonce as far as they arrived.
pub fn broken(bytes: &[u8]) -> Request {
    Request::from_received(&bytes[..bytes.len().min(REQUEST_SIZE)]).without_magic()
}

/// Whether our own deadline has passed; the kernel's ETIMEDOUT has the same kind and a number.
fn is_deadline(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::TimedOut && error.raw_os_error().is_none()
}
