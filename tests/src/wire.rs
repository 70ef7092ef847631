//! The bare mechanism, for what no honest client does: any bytes, to any place, with nobody waiting
//! for the answer.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use common::reply::{REPLY_MAX, Reply};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use q1_pipes::channel as pipes;
use q1_pipes::fifo;
use q1_pipes::inbox::Inbox;
use q2_msgqueue::channel::Channel;
use q2_msgqueue::queue::{Queue, Wait, Which};
use q5_sockets::framing::{self, Frame};

use crate::stage::{Mechanism, Stage};
use crate::{address, sys, wait};

/// How long to wait for room for a request.
const ROOM_MAX: Duration = Duration::from_secs(10);

/// Where a request is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
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
    /// A connection, where the place is what the request says.
    Sockets(TcpStream),
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
                let open = |place: pipes::Place| fifo::open_writer(&dir.join(place.file_name()));
                let consultation = open(pipes::Place::Consultation)?;
                Ok(Wire::Pipes(consultation, open(pipes::Place::Reservation)?, inbox))
            }
            Mechanism::Queues => Channel::open(dir).map(Wire::Queues),
            Mechanism::Sockets => {
                let stream = TcpStream::connect(address::of(dir))?;
                stream.set_nodelay(true)?;
                stream.set_write_timeout(Some(ROOM_MAX))?;
                Ok(Wire::Sockets(stream))
            }
        }
    }

    /// Puts bytes where requests go, without waiting; false if there is no room.
    ///
    /// # Errors
    /// If the server is gone.
    pub fn try_send(&self, place: Place, bytes: &[u8]) -> io::Result<bool> {
        let sent = match (self, place) {
            (Wire::Pipes(fifo, ..), Place::Consultation)
            | (Wire::Pipes(_, fifo, _), Place::Reservation) => (&*fifo).write(bytes).map(drop),
            (Wire::Queues(channel), Place::Consultation) => {
                sys::msgsnd(channel.requests.id(), 1, bytes)
            }
            (Wire::Queues(channel), Place::Reservation) => {
                sys::msgsnd(channel.requests.id(), 2, bytes)
            }
            (Wire::Sockets(stream), _) => send_all(stream, bytes),
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
    pub fn send(&self, place: Place, bytes: &[u8]) {
        let sent = || self.try_send(place, bytes).expect("the server is there");
        wait::until_true("room for a request", ROOM_MAX, sent);
    }

    /// The next reply to `client`; None if none comes within `limit`.
    ///
    /// # Panics
    /// If the server is gone, or what comes is no reply.
    pub fn receive(&mut self, client: i32, limit: Duration) -> Option<Reply> {
        wait::until(limit, || match self {
            Wire::Pipes(.., inbox) => match inbox.receive() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
                result => result.expect("the FIFO is ours"),
            },
            Wire::Queues(channel) => {
                let which = Which::Only(i64::from(client));
                let received = channel.replies.receive(which, Wait::No);
                let received = received.expect("the server is there")?;
                Some(Reply::from_received(received.bytes()).expect("the server sends replies"))
            }
            Wire::Sockets(stream) => first(stream).expect("the server is there"),
        })
    }
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
        Frame::Part => Ok(None),
        Frame::Garbage => Err(io::Error::other("this is no reply")),
    }
}
