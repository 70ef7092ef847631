//! The bare mechanism, for what no honest client does: any bytes, to any place, with nobody waiting
//! for the answer.

use std::io::{self, Read, Write};
use std::mem::size_of;
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use common::record::Spectacle;
use common::reply::{REPLY_MAX, REPLY_SIZE, Reply};
use q2_msgqueue::channel::Channel;
use q2_msgqueue::queue::{Wait, Which};

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
    pub fn open(stage: Stage, dir: &Path, _client: i32) -> anyhow::Result<Wire> {
        match stage.mechanism() {
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
        let channel = match self {
            Wire::Queues(channel) => channel,
            Wire::Sockets(stream) => return written((&mut &*stream).write_all(bytes)),
        };
        let mtype = match place {
            Place::Consultation => 1,
            Place::Reservation => 2,
        };
        match sys::msgsnd(channel.requests.id(), mtype, bytes) {
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
    pub fn receive(&self, client: i32, limit: Duration) -> Option<Reply> {
        let bytes = wait::until(limit, || match self {
            Wire::Queues(channel) => {
                let which = Which::Only(i64::from(client));
                let received = channel.replies.receive(which, Wait::No);
                received.expect("the server is there").map(|received| received.bytes().to_vec())
            }
            Wire::Sockets(stream) => record(stream).expect("the server is there"),
        })?;
        Some(Reply::from_received(&bytes).expect("the server sends replies"))
    }
}

/// A connection that the server has closed takes nothing more, but that is no fault of the test.
fn written(result: io::Result<()>) -> io::Result<bool> {
    match result {
        Err(error) if is_closed(&error) => Ok(true),
        result => result.map(|()| true),
    }
}

/// Whether an error says that the other side has closed the connection.
pub fn is_closed(error: &io::Error) -> bool {
    [io::ErrorKind::BrokenPipe, io::ErrorKind::ConnectionReset].contains(&error.kind())
}

/// The bytes of the first record that has arrived whole.
fn record(mut stream: &TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = [0; REPLY_MAX];
    stream.set_nonblocking(true)?;
    let arrived = match stream.peek(&mut bytes) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
        result => result?,
    };
    stream.set_nonblocking(false)?;
    let count = i32::from_le_bytes(bytes[28..32].try_into().expect("they are four"));
    let size = REPLY_SIZE + count.max(0) as usize * size_of::<Spectacle>();
    if arrived < size {
        return Ok(None);
    }
    let mut record = vec![0; size];
    stream.read_exact(&mut record)?;
    Ok(Some(record))
}
