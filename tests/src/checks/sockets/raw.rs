//! A bare connection: bytes in, records out.

use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddrV4, TcpStream};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::time::Duration;

use common::client::ask::Ask;
use common::protocol::reply::{Reply, Status};
use common::protocol::request::Request;
use nix::errno::Errno;
use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, SockaddrIn};
use q5_sockets::framing::{Frame, reply};
use zerocopy::IntoBytes;

use crate::address;
use crate::evidence::{fail, same};
use crate::server::Server;
use crate::stage::Mechanism;
use crate::target::Target;
use crate::wire::is_closed;
use crate::{tunnel, wait};

/// Far more than an answer takes.
pub const SOON: Duration = Duration::from_secs(10);

/// A connection, and what has arrived on it.
#[derive(Debug)]
pub struct Raw {
    /// The connection.
    pub stream: TcpStream,
    arrived: Vec<u8>,
}

/// How a wait for a reply ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// With a reply.
    Reply(Box<Reply>),
    /// The server has closed the connection.
    Closed,
    /// With nothing, for so long.
    Nothing,
    /// The server has closed it over bytes that it had not read, which destroys what was on its way.
    Reset,
}

/// The same connection, or the plain end of a tunnel where the server speaks TLS.
fn over_tls(server: &Server, stream: TcpStream) -> io::Result<TcpStream> {
    match server.stage().mechanism() {
        Mechanism::Tls => tunnel::open(stream, &server.dir()),
        _ => Ok(stream),
    }
}

/// Starts a server over the sample of shows, with more options.
pub fn start(target: impl Into<Target>, options: &[&str]) -> Server {
    Server::start_with(target, &common::booking::shows::sample(), options)
}

/// A request's bytes.
pub fn request(nonce: u64, ask: Ask) -> Vec<u8> {
    Request::new(7, nonce, ask).as_bytes().to_vec()
}

/// How many connections a server has now, and listening sockets: its descriptors that are sockets.
pub fn sockets(server: &Server) -> usize {
    let folder = format!("/proc/{}/fd", server.pid());
    let links = fs::read_dir(folder).into_iter().flatten().flatten();
    links.filter(|link| fs::read_link(link.path()).is_ok_and(|it| is_socket(&it))).count()
}

fn is_socket(target: &Path) -> bool {
    target.to_string_lossy().starts_with("socket:")
}

impl Raw {
    /// Connects.
    ///
    /// # Panics
    /// If nobody listens.
    pub fn open(server: &Server) -> Raw {
        let connected = TcpStream::connect(address::of(&server.dir()))
            .and_then(|stream| stream.set_nodelay(true).map(|()| stream))
            .and_then(|stream| over_tls(server, stream));
        match connected {
            Ok(stream) => Raw { stream, arrived: Vec::new() },
            Err(error) => fail("a connection", "a server that accepts it", error),
        }
    }

    /// Over a connection that somebody else has made.
    pub fn over(stream: TcpStream) -> Raw {
        Raw { stream, arrived: Vec::new() }
    }

    /// Connects from one of this machine's own addresses, 127.0.0.0/8: to the server another client.
    ///
    /// # Panics
    /// If nobody listens.
    pub fn open_from(source: [u8; 4], server: &Server) -> Raw {
        let [a, b, c, d] = source;
        let to = address::of(&server.dir()).parse::<SocketAddrV4>().expect("the ready line says");
        let connect = || {
            let flags = SockFlag::SOCK_CLOEXEC;
            let socket = socket::socket(AddressFamily::Inet, SockType::Stream, flags, None)?;
            socket::bind(socket.as_raw_fd(), &SockaddrIn::new(a, b, c, d, 0))?;
            socket::connect(socket.as_raw_fd(), &SockaddrIn::from(to))?;
            Ok(over_tls(server, TcpStream::from(socket)).expect("it has an authority"))
        };
        match connect() {
            Ok(stream) => Raw { stream, arrived: Vec::new() },
            Err(errno) => {
                let errno: Errno = errno;
                fail(format!("a connection from {a}.{b}.{c}.{d}"), "one", errno)
            }
        }
    }

    /// Sends bytes.
    ///
    /// # Panics
    /// If the connection takes none.
    pub fn send(&mut self, bytes: &[u8]) {
        if let Err(error) = self.stream.write_all(bytes) {
            fail(format!("{} bytes", bytes.len()), "a connection that takes them", error);
        }
    }

    /// The next reply, the end of the connection, or nothing for so long.
    ///
    /// # Panics
    /// If what comes is no reply.
    pub fn next(&mut self, limit: Duration) -> Next {
        self.stream.set_read_timeout(Some(limit)).expect("a limit is not 0");
        loop {
            match reply(&self.arrived) {
                Frame::Whole(reply, size) => {
                    self.arrived.drain(..size);
                    return Next::Reply(Box::new(reply));
                }
                Frame::Incomplete => {}
                Frame::Garbage => fail("requests", "replies", format!("{:?}", self.arrived)),
            }
            let mut bytes = [0; 65536];
            match self.stream.read(&mut bytes) {
                Ok(0) => return Next::Closed,
                Ok(size) => self.arrived.extend(&bytes[..size]),
                Err(error) if is_closed(&error) => return Next::Reset,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Next::Nothing,
                // A read with a time-out ends so when the whole process was stopped meanwhile.
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Whether bytes are still taken for a while: a closed socket would answer them with a reset.
    pub fn is_taken(&mut self) -> bool {
        (0..5).all(|_| {
            wait::pause(Duration::from_millis(5));
            self.stream.write_all(&[0]).is_ok()
        })
    }

    /// The status and nonce of a reply that should come; `sent` says to what.
    ///
    /// # Panics
    /// If none comes.
    #[track_caller]
    pub fn told(&mut self, sent: &str) -> (Option<Status>, u64) {
        let reply = self.reply(sent);
        (reply.status(), reply.nonce.get())
    }

    /// A reply that should come; `sent` says to what.
    ///
    /// # Panics
    /// If none comes.
    #[track_caller]
    pub fn reply(&mut self, sent: &str) -> Reply {
        match self.next(wait::at_most(SOON)) {
            Next::Reply(reply) => *reply,
            other => fail(sent, "a reply", format!("{other:?}")),
        }
    }

    /// Expects a status for a nonce.
    ///
    /// # Panics
    /// If anything else comes.
    #[track_caller]
    pub fn expect(&mut self, sent: &str, status: Status, nonce: u64) {
        same(format!("{sent}: status, nonce"), (Some(status), nonce), self.told(sent));
    }

    /// Expects that the server closes the connection, and has read all that was sent on it.
    ///
    /// # Panics
    /// If anything else comes.
    #[track_caller]
    pub fn expect_close(&mut self, sent: &str) {
        same(format!("{sent}: what comes next"), Next::Closed, self.next(wait::at_most(SOON)));
    }
}
