//! The bare mechanism, for what no honest client does: any bytes, to any place, with nobody waiting
//! for the answer.

use std::io;
use std::path::Path;
use std::time::Duration;

use common::reply::Reply;
use q2_msgqueue::channel::Channel;
use q2_msgqueue::queue::{Wait, Which};

use crate::stage::{Mechanism, Stage};
use crate::{sys, wait};

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
}

impl Wire {
    /// Opens the mechanism of the server in `dir`, ready to receive the replies to `client`.
    ///
    /// # Errors
    /// If no server runs there.
    pub fn open(stage: Stage, dir: &Path, _client: i32) -> anyhow::Result<Wire> {
        match stage.mechanism() {
            Mechanism::Queues => Channel::open(dir).map(Wire::Queues),
        }
    }

    /// Puts bytes where requests go, without waiting; false if there is no room.
    ///
    /// # Errors
    /// If the server is gone.
    pub fn try_send(&self, place: Place, bytes: &[u8]) -> io::Result<bool> {
        let Wire::Queues(channel) = self;
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
        wait::until_true("room for a request", Duration::from_secs(10), sent);
    }

    /// The next reply to `client`; None if none comes within `limit`.
    ///
    /// # Panics
    /// If the server is gone, or what comes is no reply.
    pub fn receive(&self, client: i32, limit: Duration) -> Option<Reply> {
        let Wire::Queues(channel) = self;
        let which = Which::Only(i64::from(client));
        let received = wait::until(limit, || {
            channel.replies.receive(which, Wait::No).expect("the server is there")
        })?;
        Some(Reply::from_received(received.bytes()).expect("the server sends replies"))
    }
}
