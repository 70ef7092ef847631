//! The registry of connections: each by its id, with what epoll watches of it, when it is looked at
//! again, and who makes room for whom.
//!
//! An id is never used again, so an event or an answer for a connection that is gone finds nothing.
//! This stops a reply from reaching whoever got the same descriptor: `events`
//! `the_reply_to_a_connection_that_is_gone_reaches_no_other`.

use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use common::protocol::reply::Status;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent};
use tracing::debug;

use crate::armour::ending::{Ending, Fate, IDLE_MIN};
use crate::armour::room::{Found, Room};
use crate::armour::timers::Timers;
use crate::channel::Connection;
use crate::turn::Turn;

/// How long a connection may take that has to go for another.
const LEAVE_MAX: Duration = Duration::from_millis(500);

/// All connections.
#[derive(Debug)]
pub(crate) struct Registry {
    /// What waits for all of them at once.
    pub(crate) epoll: Epoll,
    connections: HashMap<u64, Connection>,
    next_id: u64,
    room: Room,
    timers: Timers,
}

impl Registry {
    /// None yet, and room for so many; their ids begin with `first`.
    ///
    /// # Errors
    /// EMFILE, ENFILE, ENOMEM. See epoll_create1(2).
    pub(crate) fn new(first: u64) -> io::Result<Registry> {
        Ok(Registry {
            epoll: Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?,
            connections: HashMap::new(),
            next_id: first,
            room: Room::new(0),
            timers: Timers::default(),
        })
    }

    /// Has room for so many connections.
    pub(crate) fn set_room(&mut self, size: usize) {
        self.room = Room::new(size);
    }

    /// Takes a new connection, if need be in the place of another, or refuses it.
    pub(crate) fn take(&mut self, accepted: (TcpStream, SocketAddr), turn: &mut Turn) {
        let connections = &self.connections;
        let idle_since = |id| connections.get(&id).and_then(Connection::idle_since);
        match self.room.find(accepted.1.ip(), turn.now, idle_since) {
            Found::Room => self.add(accepted, None, turn),
            Found::RoomOf(other) => {
                self.room.tell_to_leave(other);
                self.end(other, Status::Busy, turn.now + LEAVE_MAX, turn);
                self.add(accepted, None, turn);
            }
            Found::Nothing => self.add(accepted, Some(Status::Busy), turn),
        }
    }

    /// Adds a connection, or one that is refused with this status.
    pub(crate) fn add(
        &mut self,
        accepted: (TcpStream, SocketAddr),
        refused: Option<Status>,
        turn: &mut Turn,
    ) {
        let (id, now, peer) = (self.next_id, turn.now, accepted.1);
        self.next_id += 1;
        let ending = refused.map(|status| Ending::refused(status, now));
        let mut connection = Connection::new(id, accepted, now, ending);
        let event = EpollEvent::new(connection.interest, id);
        if let Err(error) = self.epoll.add(connection.stream(), event) {
            return debug!(%peer, "lost: {error}");
        }
        let due = connection.due(turn.idle);
        self.timers.set(id, &mut connection.timer, due);
        self.connections.insert(id, connection);
        if refused.is_none() {
            return self.room.enter(id, peer.ip(), now);
        }
        if let Some(oldest) = self.room.refuse(id) {
            self.remove(oldest);
        }
        self.serve(id, turn, Connection::serve);
    }

    /// Does something with a connection that is there still, and has epoll watch for what is next.
    pub(crate) fn serve(
        &mut self,
        id: u64,
        turn: &mut Turn,
        act: impl FnOnce(&mut Connection, &mut Turn) -> io::Result<Fate>,
    ) {
        // An event or an answer for a connection that is gone finds nothing: no other has its id.
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let fate = act(connection, turn);
        let wanted = connection.wanted();
        let watched = match fate {
            Ok(Fate::Stays) if wanted != connection.interest => {
                connection.interest = wanted;
                self.epoll.modify(connection.stream(), &mut EpollEvent::new(wanted, id))
            }
            _ => Ok(()),
        };
        match fate.and_then(|fate| Ok(watched.map(|()| fate)?)) {
            Ok(Fate::Stays) => {
                let due = connection.due(turn.idle);
                self.timers.set(id, &mut connection.timer, due);
            }
            Ok(Fate::Ends) => {
                debug!(peer = %connection.peer(), "closed");
                self.remove(id);
            }
            Err(error) => {
                debug!(peer = %connection.peer(), "lost: {error}");
                self.remove(id);
            }
        }
    }

    /// Forgets a connection. If reservations of it are at the disk, its socket stays open until they
    /// are answered, so epoll has to be told.
    pub(crate) fn remove(&mut self, id: u64) {
        let Some(mut connection) = self.connections.remove(&id) else { return };
        if let Err(error) = self.epoll.delete(connection.stream()) {
            debug!("a connection was not watched: {error}");
        }
        self.timers.remove(id, &mut connection.timer);
        self.room.leave(id, connection.is_ending());
    }

    /// Looks at the connections whose time is over.
    pub(crate) fn expire(&mut self, turn: &mut Turn) {
        while let Some(id) = self.timers.pop(turn.now) {
            let Some(connection) = self.connections.get_mut(&id) else { continue };
            connection.timer = None;
            let due = connection.due(turn.idle);
            if due > turn.now {
                // It was asked since.
                self.timers.set(id, &mut connection.timer, due);
            } else {
                self.serve(id, turn, Connection::expire);
            }
        }
    }

    /// Has a connection end: what is at the disk is answered, then it is told `status`.
    pub(crate) fn end(&mut self, id: u64, status: Status, until: Instant, turn: &mut Turn) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let was_idle = connection.idle_since().is_some_and(|since| since + IDLE_MIN <= turn.now);
        connection.end(Ending::of(status, was_idle, until));
        self.serve(id, turn, Connection::serve);
    }

    /// When the next connection is to be looked at.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// The ids of all.
    pub(crate) fn ids(&self) -> Vec<u64> {
        self.connections.keys().copied().collect()
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.connections.is_empty()
    }

    /// How many have reservations at the disk.
    pub(crate) fn at_disk(&self) -> usize {
        self.connections.values().filter(|connection| connection.is_at_disk()).count()
    }
}
