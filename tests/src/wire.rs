//! The bare mechanism, for what no honest client does: any bytes, to any place, with nobody waiting
//! for the answer.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use common::client::ask::Ask;
use common::protocol::reply::{REPLY_MAX, REPLY_SIZE, Reply, Status};
use common::protocol::request::Request;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use q1_pipes::armour::inbox::Inbox;
use q1_pipes::channel as pipes;
use q1_pipes::fifo;
use q2_msgqueue::channel::Channel;
use q2_msgqueue::queue::{Queue, Wait, Which};
use q5_sockets::framing::{self, Frame};
use zerocopy::IntoBytes;

use crate::server::Server;
use crate::stage::{Mechanism, Stage};
use crate::{address, evidence, sys, tunnel, wait};

/// How long to wait for room for a request.
const ROOM_MAX: Duration = Duration::from_secs(10);

/// Where a request is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestClass {
    /// Where LIST and VIEW belong.
    Consultation,
    /// Where RESERVE belongs.
    Reservation,
}

/// The server's mechanism, opened without its client.
#[derive(Debug)]
pub enum Wire {
    /// The request FIFOs for consultations and for reservations, and the client's own.
    Pipes(File, File, Inbox),
    /// The two queues.
    Queues(Channel),
    /// A connection, or a tunnel to one, where the place is what the request says.
    Sockets(TcpStream),
    /// Connections to the consultation server and to the reservation server behind a dispatcher.
    Dispatched(TcpStream, TcpStream),
}

impl Wire {
    /// Opens the mechanism of the server in `dir`, ready to receive the replies to `client`.
    ///
    /// # Errors
    /// If no server runs there.
    pub fn open(stage: Stage, dir: &Path, client: i32) -> anyhow::Result<Wire> {
        match stage.mechanism() {
            Mechanism::Pipes => {
                let inbox = Inbox::create(dir, client)?;
                fcntl(&inbox, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
                let open =
                    |class: pipes::RequestClass| fifo::open_writer(&dir.join(class.file_name()));
                let consultation = open(pipes::RequestClass::Consultation)?;
                Ok(Wire::Pipes(consultation, open(pipes::RequestClass::Reservation)?, inbox))
            }
            Mechanism::Queues => Channel::open(dir).map(Wire::Queues),
            Mechanism::Sockets => Ok(Wire::Sockets(connect(&address::of(dir))?)),
            Mechanism::Tls => {
                let tunnel = tunnel::open(TcpStream::connect(address::of(dir))?, dir)?;
                tunnel.set_write_timeout(Some(wait::at_most(ROOM_MAX)))?;
                Ok(Wire::Sockets(tunnel))
            }
            Mechanism::Dispatcher => {
                let consultation = redirected(&address::of(dir), Ask::List)?;
                let reservation =
                    redirected(&address::of(dir), Ask::Reserve { show: 0, seats: 0 })?;
                Ok(Wire::Dispatched(consultation, reservation))
            }
        }
    }

    /// The connection over which requests for a place go, if they go over one.
    pub fn stream(&self, class: RequestClass) -> Option<&TcpStream> {
        match (self, class) {
            (Wire::Pipes(..) | Wire::Queues(_), _) => None,
            (Wire::Sockets(stream), _)
            | (Wire::Dispatched(stream, _), RequestClass::Consultation)
            | (Wire::Dispatched(_, stream), RequestClass::Reservation) => Some(stream),
        }
    }

    /// All its connections.
    pub fn streams(&self) -> Vec<&TcpStream> {
        match self {
            Wire::Pipes(..) | Wire::Queues(_) => Vec::new(),
            Wire::Sockets(stream) => vec![stream],
            Wire::Dispatched(consultation, reservation) => vec![consultation, reservation],
        }
    }

    /// Puts bytes where requests go, without waiting; false if there is no room.
    ///
    /// # Errors
    /// If the server is gone.
    pub fn try_send(&self, class: RequestClass, bytes: &[u8]) -> io::Result<bool> {
        let sent = match (self, class) {
            (Wire::Pipes(fifo, ..), RequestClass::Consultation)
            | (Wire::Pipes(_, fifo, _), RequestClass::Reservation) => {
                (&*fifo).write(bytes).map(drop)
            }
            (Wire::Queues(channel), RequestClass::Consultation) => {
                sys::msgsnd(channel.requests.id(), 1, bytes)
            }
            (Wire::Queues(channel), RequestClass::Reservation) => {
                sys::msgsnd(channel.requests.id(), 2, bytes)
            }
            (Wire::Sockets(stream), _)
            | (Wire::Dispatched(stream, _), RequestClass::Consultation)
            | (Wire::Dispatched(_, stream), RequestClass::Reservation) => send_all(stream, bytes),
        };
        match sent {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            result => result.map(|()| true),
        }
    }

    /// Puts bytes where requests go, as soon as there is room.
    ///
    /// # Panics
    /// If the server is gone, or makes no room within 10 s.
    pub fn send(&self, class: RequestClass, bytes: &[u8]) {
        let sent = || format!("{} bytes where a {class:?} goes", bytes.len());
        let try_once = || match self.try_send(class, bytes) {
            Ok(is_sent) => is_sent.then_some(()),
            Err(error) => evidence::fail(sent(), "a server that takes them", error),
        };
        if wait::until(ROOM_MAX, try_once).is_none() {
            let limit = wait::at_most(ROOM_MAX);
            evidence::fail(sent(), "room for them", format!("none for {limit:?}"));
        }
    }

    /// The next reply to `client`; None if none comes within `limit`.
    ///
    /// # Panics
    /// If the server is gone, or what comes is no reply.
    pub fn receive(&mut self, client: i32, limit: Duration) -> Option<Reply> {
        wait::until(limit, || self.try_receive(client).expect("the server is there"))
    }

    /// The next reply to `client`, if there is one.
    ///
    /// # Errors
    /// If the server is gone.
    ///
    /// # Panics
    /// If what has come is no reply.
    pub fn try_receive(&mut self, client: i32) -> io::Result<Option<Reply>> {
        match self {
            Wire::Pipes(.., inbox) => {
                let mut reply = Reply::default();
                match inbox.receive(&mut reply) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
                    result => Ok(result?.then_some(reply)),
                }
            }
            Wire::Queues(channel) => {
                let which = Which::Only(i64::from(client));
                let Some(received) = channel.replies.receive(which, Wait::No)? else {
                    return Ok(None);
                };
                let reply = Reply::from_received(received.bytes());
                Ok(Some(reply.expect("the server sends replies")))
            }
            Wire::Sockets(stream) => first(stream),
            Wire::Dispatched(consultation, reservation) => match first(consultation)? {
                Some(reply) => Ok(Some(reply)),
                None => first(reservation),
            },
        }
    }
}

fn connect(address: &str) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(wait::at_most(ROOM_MAX)))?;
    Ok(stream)
}

/// A connection to the server to which a dispatcher sends whoever asks this.
fn redirected(dispatcher: &str, ask: Ask) -> anyhow::Result<TcpStream> {
    let mut stream = connect(dispatcher)?;
    stream.write_all(Request::new(1, 1, ask).as_bytes())?;
    stream.set_read_timeout(Some(wait::at_most(ROOM_MAX)))?;
    let mut bytes = [0; REPLY_SIZE];
    stream.read_exact(&mut bytes)?;
    let reply = Reply::from_received(&bytes).context("the dispatcher sends a reply")?;
    ensure!(reply.status() == Some(Status::Redirect), "not redirected but {reply:?}");
    let host = dispatcher.rsplit_once(':').map_or(dispatcher, |(host, _)| host);
    Ok(connect(&format!("{host}:{}", reply.show))?)
}

/// Puts any bytes into a queue as a message of any type, without waiting.
///
/// # Errors
/// EAGAIN if it is full, EINVAL for a type below 1 or more bytes than msgmax. See msgsnd(2).
pub fn put(queue: &Queue, mtype: i64, bytes: &[u8]) -> io::Result<()> {
    sys::msgsnd(queue.id(), mtype, bytes)
}

/// Sends bytes; a connection that the server has closed takes no more, which is no fault of the
/// test.
fn send_all(mut stream: &TcpStream, bytes: &[u8]) -> io::Result<()> {
    match stream.write_all(bytes) {
        Err(error) if is_closed(&error) => Ok(()),
        result => result,
    }
}

/// Whether an error says that the other side has closed the connection.
pub fn is_closed(error: &io::Error) -> bool {
    [io::ErrorKind::BrokenPipe, io::ErrorKind::ConnectionReset].contains(&error.kind())
}

/// The first reply that has arrived whole.
fn first(mut stream: &TcpStream) -> io::Result<Option<Reply>> {
    let mut bytes = [0; REPLY_MAX];
    stream.set_nonblocking(true)?;
    let arrived = match stream.peek(&mut bytes) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
        result => result?,
    };
    stream.set_nonblocking(false)?;
    match framing::reply(&bytes[..arrived]) {
        Frame::Whole(reply, size) => {
            stream.read_exact(&mut bytes[..size])?;
            Ok(Some(reply))
        }
        Frame::Incomplete => Ok(None),
        Frame::Garbage => Err(io::Error::other("this is no reply")),
    }
}

impl Server {
    /// The server's mechanism, opened to receive the replies to `client`.
    ///
    /// # Panics
    /// If no server runs there.
    pub fn wire(&self, client: i32) -> Wire {
        let opened = Wire::open(self.stage(), &self.dir(), client);
        opened.unwrap_or_else(|error| {
            evidence::fail("nothing yet", "a server that can be opened", format!("{error:#}"))
        })
    }
}
