//! A connection as the loop sees it: bytes in, requests out, replies in their order; no call on it
//! waits.

use std::io;
use std::mem::take;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::protocol::reply::{REPLY_MAX, Reply, Status};
use common::protocol::request::{Kind, Request};
use common::server::log;
use nix::sys::epoll::EpollFlags;
use q5_sockets::channel::{REPLY_TIME, REQUEST_TIME, broken};
use q5_sockets::framing::{self, Frame};

use crate::armour::ending::{Ending, Fate};
use crate::commit_queue::Group;
use crate::output::Output;
use crate::turn::{OUTPUT_MAX, Turn};
use crate::write_half::{Owner, WriteHalf};

/// One connection.
#[derive(Debug)]
pub(crate) struct Connection {
    half: Arc<WriteHalf>,
    /// What has arrived and was not taken; mostly nothing, and then it has no memory either.
    received: Vec<u8>,
    /// Replies that found no room. While there are any, no request is taken.
    output: Output,
    /// Since when it is silent, or in the middle of a request, or does not read.
    since: Instant,
    /// Whether something has come while its reservations were at the disk.
    is_paused: bool,
    /// How it ends, if we end it.
    ending: Option<Ending>,
    /// What epoll watches.
    pub(crate) interest: EpollFlags,
    /// For `Timers`: when its entry is due.
    pub(crate) timer: Option<Instant>,
}

impl Connection {
    /// A new connection, or one that is refused.
    pub(crate) fn new(
        id: u64,
        (stream, peer): (TcpStream, SocketAddr),
        now: Instant,
        ending: Option<Ending>,
    ) -> Connection {
        Connection {
            half: Arc::new(WriteHalf::new(id, stream, peer)),
            received: Vec::new(),
            output: Output::default(),
            since: now,
            is_paused: false,
            ending,
            interest: EpollFlags::EPOLLIN,
            timer: None,
        }
    }

    /// The socket.
    pub(crate) fn stream(&self) -> &TcpStream {
        &self.half.stream
    }

    /// The other side.
    pub(crate) fn peer(&self) -> SocketAddr {
        self.half.peer
    }

    /// Serves it as far as that is possible without waiting: sends what is left, takes requests.
    ///
    /// # Errors
    /// ECONNRESET, EPIPE. See recv(2), send(2).
    pub(crate) fn serve(&mut self, turn: &mut Turn) -> io::Result<Fate> {
        if self.is_at_disk() && self.half.is_awaited() {
            self.is_paused = true;
            return Ok(Fate::Stays);
        }
        self.is_paused = false;
        if self.half.owner() == Owner::LoopAfterUnsent {
            self.output.take_over(self.half.take_unsent());
            self.since = turn.now;
        }
        if self.output.send(&self.half)? {
            self.since = turn.now;
        }
        if !self.output.is_empty() {
            return Ok(Fate::Stays);
        }
        if let Some(ending) = &mut self.ending {
            return ending.advance(&self.half, turn.server, turn.now);
        }
        turn.received.clear();
        turn.received.extend(take(&mut self.received));
        let is_new = turn.received.is_empty();
        // What has arrived behind a reservation, or behind replies without room, comes first.
        if matches!(framing::request(&turn.received), Frame::Incomplete) {
            match turn.receive(&self.half.stream)? {
                Some(0) => return Ok(Fate::Ends),
                Some(_) => {}
                None => {
                    self.received.extend(&turn.received);
                    return Ok(Fate::Stays);
                }
            }
        }
        let received = take(&mut turn.received);
        let taken = self.take_requests(&received, turn);
        turn.received = received;
        let rest = taken?;
        if is_new || rest < turn.received.len() {
            self.since = turn.now;
        }
        self.received.extend(&turn.received[turn.received.len() - rest..]);
        match &mut self.ending {
            Some(ending) if self.output.is_empty() => {
                ending.advance(&self.half, turn.server, turn.now)
            }
            _ => Ok(Fate::Stays),
        }
    }

    /// Takes the requests in these bytes as far as their replies may leave now; returns how many
    /// bytes are left.
    fn take_requests(&mut self, mut bytes: &[u8], turn: &mut Turn) -> io::Result<usize> {
        let mut group: Option<Group> = None;
        loop {
            match framing::request(bytes) {
                Frame::Whole(request, size) if request.kind() == Some(Kind::Reserve) => {
                    match &mut group {
                        Some(group) => group.push(request),
                        None if !self.send_replies(turn)? => break,
                        None => group = Some(Group::new(self.half.clone(), request)),
                    }
                    bytes = &bytes[size..];
                }
                Frame::Incomplete => break,
                // Its reply may not overtake those of the reservations before it.
                _ if group.is_some() => break,
                // There is room for a whole reply before a request is taken.
                _ if turn.replies.len() + REPLY_MAX > OUTPUT_MAX && !self.send_replies(turn)? => {
                    break;
                }
                Frame::Whole(request, size) => {
                    self.consult(&request, turn);
                    bytes = &bytes[size..];
                }
                Frame::Garbage => {
                    self.refuse(bytes, turn);
                    bytes = &[];
                    break;
                }
            }
        }
        match group {
            None => drop(self.send_replies(turn)?),
            Some(group) => {
                self.half.hand_over(!matches!(framing::request(bytes), Frame::Incomplete));
                turn.groups.push(group);
            }
        }
        Ok(bytes.len())
    }

    /// Answers a consultation, and what is no request at all.
    fn consult(&self, request: &Request, turn: &mut Turn) {
        let reply = &mut turn.reply;
        turn.published.answer(request, turn.server, reply);
        turn.replies.extend(reply.bytes());
        log::answered_from(self.half.peer, request, reply.status(), reply.seats.get());
    }

    /// Answers bytes in which no request can be found, and ends the connection.
    fn refuse(&mut self, bytes: &[u8], turn: &mut Turn) {
        let request = broken(bytes);
        let reply = Reply::new(&request, Status::BadRequest, turn.server);
        turn.replies.extend(reply.bytes());
        log::answered_from(self.half.peer, &request, reply.status(), 0);
        self.ending = Some(Ending::after_garbage(turn.now));
    }

    /// Sends the replies of this turn; false if some are left, which become the output.
    fn send_replies(&mut self, turn: &mut Turn) -> io::Result<bool> {
        if !turn.replies.is_empty() {
            self.since = turn.now;
            self.output.put(&self.half, &mut turn.replies)?;
        }
        Ok(self.output.is_empty())
    }

    /// Something should have happened by now, and has not.
    ///
    /// # Errors
    /// As [`Connection::serve`].
    pub(crate) fn expire(&mut self, turn: &mut Turn) -> io::Result<Fate> {
        // The disk has no deadline, and what it has given back is looked at first.
        if self.half.owner() != Owner::Loop {
            self.since = turn.now;
            return self.serve(turn);
        }
        if self.ending.is_some() || !self.output.is_empty() || self.received.is_empty() {
            return Ok(Fate::Ends);
        }
        let received = take(&mut self.received);
        self.refuse(&received, turn);
        self.send_replies(turn)?;
        self.serve(turn)
    }

    /// When that is.
    pub(crate) fn due(&self, idle: Duration) -> Instant {
        match &self.ending {
            Some(_) if self.is_at_disk() => self.since + REPLY_TIME,
            Some(ending) => ending.until,
            None if !self.output.is_empty() => self.since + REPLY_TIME,
            None if !self.received.is_empty() => self.since + REQUEST_TIME,
            None => self.since + idle,
        }
    }

    /// Ends it: what is at the disk is answered, nothing else is taken.
    pub(crate) fn end(&mut self, ending: Ending) {
        self.received = Vec::new();
        self.ending.get_or_insert(ending);
    }

    /// Whether we end it.
    pub(crate) fn is_ending(&self) -> bool {
        self.ending.is_some()
    }

    /// Whether reservations of it are being decided.
    pub(crate) fn is_at_disk(&self) -> bool {
        matches!(self.half.owner(), Owner::Disk | Owner::DiskAwaited)
    }

    /// Since when nothing is being done for it; None if something is.
    pub(crate) fn idle_since(&self) -> Option<Instant> {
        (!self.is_at_disk() && self.output.is_empty()).then_some(self.since)
    }

    /// What epoll has to watch now: no bytes that could not be taken anyway.
    pub(crate) fn wanted(&self) -> EpollFlags {
        if self.is_paused {
            EpollFlags::empty()
        } else if !self.output.is_empty() {
            EpollFlags::EPOLLOUT
        } else {
            EpollFlags::EPOLLIN
        }
    }
}
