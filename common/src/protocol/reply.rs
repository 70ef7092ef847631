//! The reply, 32 bytes from the server to a client, and its rows.

use std::mem::{offset_of, size_of};

use zerocopy::little_endian::{I32, U64};
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::protocol::record::{MAGIC, ROWS, Spectacle};
use crate::protocol::request::{Kind, Request};

/// Bytes of a reply without rows.
pub const REPLY_SIZE: usize = offset_of!(Reply, rows);
/// Bytes of the largest reply, the one to LIST.
pub const REPLY_MAX: usize = size_of::<Reply>();

/// What the server sends back: 32 bytes, then `count` rows.
#[repr(C)]
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
pub struct Reply {
    /// [`MAGIC`].
    pub magic: [u8; 4],
    /// A [`Status`].
    pub status: I32,
    /// The request's.
    pub nonce: U64,
    /// The request's (VIEW, RESERVE); with REDIRECT, the TCP port to ask.
    pub show: I32,
    /// Seats left on that show after the decision, with the statuses OK and NOT_ENOUGH_SEATS.
    pub seats: I32,
    /// PID of the process that answered.
    pub server: I32,
    /// Rows that follow: 10 for LIST with status OK, else 0.
    pub count: I32,
    /// Only the first `count` of them travel.
    pub rows: [Spectacle; ROWS],
}

// What a C program on the other side relies on, in numbers that nobody computed from this type.
const _: () = {
    // One write to a pipe stays whole up to 4096 bytes.
    assert!(REPLY_SIZE == 32 && REPLY_MAX == 752 && REPLY_MAX <= 4096);
    assert!(offset_of!(Reply, status) == 4 && offset_of!(Reply, nonce) == 8);
    assert!(offset_of!(Reply, show) == 16 && offset_of!(Reply, seats) == 20);
    assert!(offset_of!(Reply, server) == 24 && offset_of!(Reply, count) == 28);
};

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Status {
    /// Done; a reservation is on disk.
    Ok = 0,
    /// No show has that id.
    UnknownShow = 1,
    /// Fewer seats are left than were asked for.
    NotEnoughSeats = 2,
    /// Zero seats or less were asked for.
    BadSeats = 3,
    /// Not a request, or one that came in at the wrong place.
    BadRequest = 4,
    /// The server has no room for this request now; nothing was done.
    Busy = 5,
    /// The server is stopping or cannot write; nothing is promised.
    Unavailable = 6,
    /// Ask the port in `show` instead.
    Redirect = 7,
}

/// What was decided about a reservation: all of its reply that its request does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What became of it.
    pub status: Status,
    /// Seats left on the show, with the statuses OK and NOT_ENOUGH_SEATS; else 0.
    pub seats: i32,
}

impl Outcome {
    /// One that says no more than this.
    pub fn only(status: Status) -> Outcome {
        Outcome { status, seats: 0 }
    }
}

impl Default for Reply {
    /// Room for a reply.
    fn default() -> Reply {
        Reply::new_zeroed()
    }
}

impl Reply {
    /// A reply to `request` that carries only a status.
    pub fn new(request: &Request, status: Status, server: i32) -> Reply {
        let mut reply = Reply::default();
        reply.answer(request, status, server);
        reply
    }

    /// Becomes a reply to `request` that carries only a status.
    #[inline]
    pub fn answer(&mut self, request: &Request, status: Status, server: i32) {
        let show = match request.kind() {
            Some(Kind::View | Kind::Reserve) => request.show,
            Some(Kind::List) | None => I32::ZERO,
        };
        self.magic = MAGIC;
        self.status = I32::new(status as i32);
        self.nonce = request.nonce;
        self.show = show;
        self.seats = I32::ZERO;
        self.server = I32::new(server);
        self.count = I32::ZERO;
    }

    /// Becomes the reply to `request`, a reservation, that tells its outcome.
    #[inline]
    pub fn tell(&mut self, request: &Request, outcome: Outcome, server: i32) {
        self.answer(request, outcome.status, server);
        self.seats = I32::new(outcome.seats);
    }

    /// The bytes that travel: the 32 of the reply, then its rows.
    ///
    /// # Panics
    /// If `count` is outside 0..=10, which no constructor makes.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        let count = usize::try_from(self.count.get()).expect("a count is never negative");
        &self.as_bytes()[..REPLY_SIZE + count * size_of::<Spectacle>()]
    }

    /// The reply in `bytes`, if they are exactly one: magic, a known status, and as many rows as it
    /// announces.
    pub fn from_received(bytes: &[u8]) -> Option<Reply> {
        let mut reply = Reply::default();
        reply.receive(bytes).then_some(reply)
    }

    /// Becomes the reply in `bytes`. If they are not exactly one, it stays what it was: false.
    ///
    /// A client has one reply for all its questions. Most are 32 bytes, and then the room for rows is
    /// neither cleared nor copied.
    #[inline]
    pub fn receive(&mut self, bytes: &[u8]) -> bool {
        let is_one = Self::is_one(bytes);
        if is_one {
            let (header, rows) = self.as_mut_bytes().split_at_mut(REPLY_SIZE);
            // The size is known here, and the compiler needs no call to copy it.
            header.copy_from_slice(&bytes[..REPLY_SIZE]);
            if bytes.len() > REPLY_SIZE {
                rows[..bytes.len() - REPLY_SIZE].copy_from_slice(&bytes[REPLY_SIZE..]);
            }
        }
        is_one
    }

    /// Whether `bytes` are exactly one reply.
    #[inline]
    pub fn is_one(bytes: &[u8]) -> bool {
        let Some(header) = bytes.first_chunk() else { return false };
        let status = I32::read_from_prefix(&header[offset_of!(Reply, status)..]);
        header.starts_with(&MAGIC)
            && Self::announced_size(header) == Some(bytes.len())
            && status.is_ok_and(|(status, _)| Status::of(status).is_some())
    }

    /// How many bytes a reply has that begins with these 32; None if it announces a number of rows
    /// that no reply has.
    #[inline]
    pub fn announced_size(header: &[u8; REPLY_SIZE]) -> Option<usize> {
        let (count, _) = I32::read_from_prefix(&header[offset_of!(Reply, count)..]).ok()?;
        let rows = usize::try_from(count.get()).ok().filter(|&rows| rows <= ROWS)?;
        Some(REPLY_SIZE + rows * size_of::<Spectacle>())
    }

    /// The status, if it is one of this version's.
    pub fn status(&self) -> Option<Status> {
        Status::of(self.status)
    }

    /// The rows that travel with this reply.
    pub fn rows(&self) -> &[Spectacle] {
        &self.rows[..usize::try_from(self.count.get()).unwrap_or(0).min(ROWS)]
    }
}

/// Replies are equal if the bytes that travel are: other rows are left from an earlier reply.
impl PartialEq for Reply {
    fn eq(&self, other: &Reply) -> bool {
        self.as_bytes()[..REPLY_SIZE] == other.as_bytes()[..REPLY_SIZE]
            && self.rows() == other.rows()
    }
}

impl Eq for Reply {}

impl Status {
    /// The protocol's name, in lower case: what logs and `--json` say.
    pub fn name(self) -> &'static str {
        match self {
            Status::Ok => "ok",
            Status::UnknownShow => "unknown_show",
            Status::NotEnoughSeats => "not_enough_seats",
            Status::BadSeats => "bad_seats",
            Status::BadRequest => "bad_request",
            Status::Busy => "busy",
            Status::Unavailable => "unavailable",
            Status::Redirect => "redirect",
        }
    }

    #[inline]
    fn of(status: I32) -> Option<Status> {
        use Status::*;
        [Ok, UnknownShow, NotEnoughSeats, BadSeats, BadRequest, Busy, Unavailable, Redirect]
            .into_iter()
            .find(|&known| status == known as i32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::ask::Ask;

    fn view() -> Request {
        Request::new(7, 9, Ask::View { show: 3 })
    }

    #[test]
    fn a_reply_travels_with_the_rows_it_announces_and_no_others() {
        let mut reply = Reply::new(&view(), Status::Ok, 42);
        assert_eq!(reply.bytes().len(), 32);
        assert_eq!(Reply::from_received(reply.bytes()), Some(reply));
        reply.count = I32::new(10);
        assert_eq!(reply.bytes().len(), 752);
        assert_eq!(Reply::from_received(reply.bytes()), Some(reply));
        let bytes = reply.as_bytes();
        for len in (0..752).filter(|&len| len != 752) {
            assert_eq!(Reply::from_received(&bytes[..len]), None, "{len} bytes");
        }
    }

    #[test]
    fn a_reply_is_received_in_the_place_of_an_earlier_one_or_not_at_all() {
        let view = Reply::new(&view(), Status::UnknownShow, 42);
        let rows = [Spectacle { id: 7.into(), ..Spectacle::new_zeroed() }; ROWS];
        let list = Reply { count: I32::new(10), rows, ..view };
        let mut reply = Reply::default();
        for sent in [list, view, list] {
            assert!(reply.receive(sent.bytes()));
            assert_eq!((reply, reply.bytes()), (sent, sent.bytes()));
            assert!(!reply.receive(&sent.bytes()[1..]) && reply == sent);
        }
        assert_ne!(list, Reply { rows: [Spectacle::new_zeroed(); ROWS], ..list });
        assert_ne!(list, view);
    }

    #[test]
    fn a_reply_with_a_foreign_magic_count_or_status_is_none() {
        let reply = Reply::new(&view(), Status::Ok, 42);
        for bad in [
            Reply { magic: *b"SPC2", ..reply },
            Reply { count: I32::new(-1), ..reply },
            Reply { count: I32::new(i32::MAX), ..reply },
            Reply { status: I32::new(8), ..reply },
            Reply { status: I32::new(-1), ..reply },
        ] {
            assert_eq!(Reply::from_received(&bad.as_bytes()[..REPLY_SIZE]), None);
        }
    }
}
