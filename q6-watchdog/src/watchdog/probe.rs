//! The probe: a request that the watchdog sends as a client would, without ever waiting for it.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::os::fd::{AsFd, AsRawFd};

use common::protocol::reply::REPLY_MAX;
use common::protocol::request::Request;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags};
use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, SockaddrStorage};
use q5_sockets::framing::{self, Frame};
use zerocopy::IntoBytes;

use crate::sys;

/// A probe under way.
#[derive(Debug)]
pub struct Probe {
    stream: TcpStream,
    request: Request,
    is_sent: bool,
    received: Vec<u8>,
}

/// How far a probe is.
#[derive(Debug)]
pub enum Progress {
    /// There is something to wait for.
    Waiting,
    /// A reply has come. Whatever it says, the server is alive.
    Answered,
    /// The connection is lost.
    Lost(io::Error),
}

impl Probe {
    /// Begins to connect.
    ///
    /// # Errors
    /// EMFILE, EADDRNOTAVAIL: this process cannot ask. See connect(2).
    pub fn start(address: SocketAddr, request: Request) -> io::Result<Probe> {
        let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let socket = socket::socket(family, SockType::Stream, flags, None)?;
        match socket::connect(socket.as_raw_fd(), &SockaddrStorage::from(local(address))) {
            Ok(()) | Err(Errno::EINPROGRESS) => {}
            Err(errno) => return Err(errno.into()),
        }
        let stream = TcpStream::from(socket);
        Ok(Probe { stream, request, is_sent: false, received: Vec::with_capacity(REPLY_MAX) })
    }

    /// Whether the request was sent.
    pub fn is_sent(&self) -> bool {
        self.is_sent
    }

    /// Whether the server's kernel has the request. If others keep the backlog full, a connection
    /// may be established at our end only.
    pub fn is_delivered(&self) -> bool {
        self.is_sent && matches!(sys::unacknowledged(&self.stream), Ok(0))
    }

    /// What to poll.
    pub fn poll_fd(&self) -> PollFd<'_> {
        let events = if self.is_sent { PollFlags::POLLIN } else { PollFlags::POLLOUT };
        PollFd::new(self.stream.as_fd(), events)
    }

    /// Continues as far as it can without waiting.
    pub fn advance(&mut self) -> Progress {
        match self.try_advance() {
            Ok(()) => Progress::Answered,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Progress::Waiting,
            Err(error) => Progress::Lost(error),
        }
    }

    fn try_advance(&mut self) -> io::Result<()> {
        let sent = if self.is_sent { Ok(()) } else { self.send() };
        match self.receive() {
            // Also if nothing could be sent: a server without room says so at once, and closes.
            Ok(()) => Ok(()),
            Err(error) => sent.and(Err(error)),
        }
    }

    fn send(&mut self) -> io::Result<()> {
        if let Some(error) = self.stream.take_error()? {
            return Err(error);
        }
        // EAGAIN or ENOTCONN: it is not connected yet.
        match self.stream.write(self.request.as_bytes()) {
            Err(error) if error.kind() == io::ErrorKind::NotConnected => {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            sent => sent?,
        };
        self.is_sent = true;
        Ok(())
    }

    fn receive(&mut self) -> io::Result<()> {
        loop {
            let mut bytes = [0; REPLY_MAX];
            match self.stream.read(&mut bytes)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                len => self.received.extend_from_slice(&bytes[..len]),
            }
            match framing::reply(&self.received) {
                Frame::Whole(..) => return Ok(()),
                Frame::Incomplete => {}
                Frame::Garbage => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
    }
}

/// Where to connect to a socket of this machine: one that listens on all addresses is reached by the
/// loopback address.
fn local(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        ip if ip.is_ipv4() => Ipv4Addr::LOCALHOST.into(),
        _ => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, address.port())
}
