//! The stream under a connection: a TCP socket whose calls have deadlines, and what a layer above it
//! (TLS, in q7) must be able to do in its place.

use std::io::{self, Read};
use std::net::TcpStream;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::{self, MsgFlags, setsockopt, sockopt};

use crate::armour::deadline::{Deadline, Timeout};
use crate::sys;

/// Seconds of silence before the kernel asks whether the peer's machine is still there.
const KEEPALIVE_IDLE: u32 = 30;
/// Seconds between two of these probes.
const KEEPALIVE_INTERVAL: u32 = 10;
/// Milliseconds that sent bytes or probes may stay unacknowledged: a machine without power says
/// nothing, and a cable that is put back in time costs nobody a connection.
const UNACKNOWLEDGED_MS: u32 = 30_000;

/// Why bytes were not sent.
#[derive(Debug)]
pub struct Unsent {
    /// What the system says.
    pub error: io::Error,
    /// Whether some of them are on their way all the same.
    pub partly: bool,
}

/// Bytes in order, both ways, over a TCP socket.
pub trait Stream {
    /// The socket under it.
    fn tcp(&self) -> &Tcp;

    /// The socket under it, to read from.
    fn tcp_mut(&mut self) -> &mut Tcp;

    /// Receives what there is, waiting for it until the deadline; 0: the other side has closed, or no
    /// more is taken.
    ///
    /// # Errors
    /// ECONNRESET, TimedOut. See recv(2).
    fn read(&mut self, room: &mut [u8], deadline: Deadline) -> io::Result<usize>;

    /// Sends all bytes. Where the socket has no room it calls `wait`, and goes on after that.
    ///
    /// # Errors
    /// EPIPE, ECONNRESET, and those of `wait`; says whether a part was sent. See send(2).
    fn send(
        &mut self,
        bytes: &[u8],
        wait: impl FnMut(&Tcp) -> io::Result<()>,
    ) -> Result<(), Unsent>;

    /// Tells the other side that nothing more is sent, if there is room for that at once.
    fn finish(&mut self) {}

    /// Whether the connection is open and nothing waits to be received, as between two questions.
    fn is_quiet(&mut self) -> bool;

    /// Whether the other side has refused the whole connection, and done nothing on it.
    fn is_refused(&self) -> bool {
        false
    }
}

/// What makes a stream of a connected socket: nothing is added here; q7 adds TLS.
pub trait Layer {
    /// What it makes.
    type Stream: Stream;

    /// Makes the stream before the deadline.
    ///
    /// # Errors
    /// If the two sides do not agree, or not in time.
    fn open(&self, tcp: Tcp, deadline: Deadline) -> io::Result<Self::Stream>;
}

/// No layer: bytes travel as they are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plain;

impl Layer for Plain {
    type Stream = Tcp;

    fn open(&self, tcp: Tcp, _: Deadline) -> io::Result<Tcp> {
        Ok(tcp)
    }
}

/// A connected socket.
#[derive(Debug)]
pub struct Tcp {
    stream: Arc<TcpStream>,
    reading: Timeout,
    /// How many bytes may still be received; None: any number.
    left: Option<usize>,
}

impl Tcp {
    /// Prepares a connected socket. Others may share it to shut it down. `timeout` is the one that
    /// most reads need.
    ///
    /// # Errors
    /// EINVAL if the other side has reset it already. See tcp(7).
    pub fn new(stream: Arc<TcpStream>, timeout: Duration) -> io::Result<Tcp> {
        set_options(&stream)?;
        let reading = Timeout::new(&stream, timeout)?;
        Ok(Tcp { stream, reading, left: None })
    }

    /// The socket itself.
    pub fn socket(&self) -> &Arc<TcpStream> {
        &self.stream
    }

    /// From now on receives no more than what has arrived by the first such call.
    ///
    /// # Errors
    /// None that can happen. See tcp(7), FIONREAD.
    pub(crate) fn take_what_has_arrived(&mut self) -> io::Result<()> {
        if self.left.is_none() {
            self.left = Some(sys::arrived(&self.stream)?);
        }
        Ok(())
    }

    /// Receives again whatever comes.
    pub(crate) fn take_all(&mut self) {
        self.left = None;
    }

    /// Sends what there is room for at once.
    ///
    /// # Errors
    /// EAGAIN, EPIPE, ECONNRESET. See send(2).
    pub fn send_now(&self, bytes: &[u8]) -> io::Result<usize> {
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
        Ok(socket::send(self.stream.as_raw_fd(), bytes, flags)?)
    }

    /// Waits until something has arrived, or the other side has closed, and leaves it there.
    ///
    /// # Errors
    /// ECONNRESET, TimedOut. See recv(2).
    pub fn wait_for_bytes(&mut self, deadline: Deadline) -> io::Result<()> {
        self.reading.before(deadline, &self.stream, |stream| stream.peek(&mut [0])).map(drop)
    }

    /// Whether nothing waits to be received, and the other side has not closed.
    pub fn is_silent(&self) -> bool {
        let flags = MsgFlags::MSG_PEEK | MsgFlags::MSG_DONTWAIT;
        socket::recv(self.stream.as_raw_fd(), &mut [0], flags) == Err(Errno::EAGAIN)
    }
}

/// Has a socket send at once, and ask a silent peer whether it is still there. What is set on a
/// listening socket holds for the connections that it accepts.
///
/// # Errors
/// EINVAL if the other side has reset it already. See tcp(7).
pub fn set_options(socket: &impl AsFd) -> io::Result<()> {
    // A reply is one write and must not wait for the acknowledgement of the one before it.
    setsockopt(socket, sockopt::TcpNoDelay, &true)?;
    setsockopt(socket, sockopt::KeepAlive, &true)?;
    setsockopt(socket, sockopt::TcpKeepIdle, &KEEPALIVE_IDLE)?;
    setsockopt(socket, sockopt::TcpKeepInterval, &KEEPALIVE_INTERVAL)?;
    Ok(setsockopt(socket, sockopt::TcpUserTimeout, &UNACKNOWLEDGED_MS)?)
}

/// For poll.
impl AsFd for Tcp {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

impl Stream for Tcp {
    fn tcp(&self) -> &Tcp {
        self
    }

    fn tcp_mut(&mut self) -> &mut Tcp {
        self
    }

    fn read(&mut self, room: &mut [u8], deadline: Deadline) -> io::Result<usize> {
        let size = room.len().min(self.left.unwrap_or(room.len()));
        if size == 0 {
            return Ok(0);
        }
        let read = |mut stream: &TcpStream| stream.read(&mut room[..size]);
        let size = self.reading.before(deadline, &self.stream, read)?;
        self.left = self.left.map(|left| left - size);
        Ok(size)
    }

    fn send(
        &mut self,
        bytes: &[u8],
        mut wait: impl FnMut(&Tcp) -> io::Result<()>,
    ) -> Result<(), Unsent> {
        let mut sent = 0;
        while sent < bytes.len() {
            let result = match self.send_now(&bytes[sent..]) {
                Ok(some) => {
                    sent += some;
                    Ok(())
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => wait(self),
                Err(error) => Err(error),
            };
            result.map_err(|error| Unsent { error, partly: sent > 0 })?;
        }
        Ok(())
    }

    fn is_quiet(&mut self) -> bool {
        self.is_silent()
    }
}
