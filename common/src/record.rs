//! The records of protocol version 1: the same bytes travel through every mechanism.

use std::borrow::Cow;
use std::mem::{offset_of, size_of};

use zerocopy::little_endian::{I32, U64};
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout, Unaligned};

/// First four bytes of every request and reply: protocol `SPC`, version 1.
pub const MAGIC: [u8; 4] = *b"SPC1";
/// Rows of a table, empty ones included.
pub const ROWS: usize = 10;
/// Bytes of a request.
pub const REQUEST_SIZE: usize = size_of::<Request>();
/// Bytes of a reply without rows.
pub const REPLY_SIZE: usize = offset_of!(Reply, rows);
/// Bytes of the largest reply, the one to LIST.
pub const REPLY_MAX: usize = size_of::<Reply>();
/// Bytes of a title, its final NUL included.
pub const TITLE_SIZE: usize = 50;
/// Bytes of a date, its final NUL included.
pub const DATE_SIZE: usize = 11;

/// A show: a row of the table, of a LIST reply and of the data file.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
pub struct Spectacle {
    /// The number by which clients name the show, from 1; 0 = empty row.
    pub id: I32,
    /// UTF-8, NUL-terminated, NUL-padded.
    pub title: [u8; TITLE_SIZE],
    /// `DD/MM/YYYY`, NUL-terminated.
    pub date: [u8; DATE_SIZE],
    /// Zero.
    pub pad: [u8; 3],
    /// Seats left, never below 0.
    pub seats: I32,
}

/// What a client sends.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
pub struct Request {
    /// [`MAGIC`].
    pub magic: [u8; 4],
    /// Where the reply goes: the client's PID, or its thread id where one process runs several clients.
    pub client: I32,
    /// Drawn by the client; the reply carries it back, and a client ignores any other.
    pub nonce: U64,
    /// A [`Kind`].
    pub kind: I32,
    /// Id of the show (VIEW, RESERVE).
    pub show: I32,
    /// Seats wanted (RESERVE).
    pub seats: I32,
    /// Zero.
    pub reserved: I32,
}

/// What the server sends back: 32 bytes, then `count` rows.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
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

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Kind {
    /// The whole table, as one snapshot.
    List = 1,
    /// The seats left on one show.
    View = 2,
    /// Some seats of one show.
    Reserve = 3,
}

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

// What a C program on the other side relies on, in numbers that nobody computed from these types.
const _: () = {
    assert!(
        size_of::<Spectacle>() == 72 && REQUEST_SIZE == 32 && REPLY_SIZE == 32 && REPLY_MAX == 752
    );
    assert!(offset_of!(Spectacle, title) == 4 && offset_of!(Spectacle, date) == 54);
    assert!(offset_of!(Spectacle, pad) == 65 && offset_of!(Spectacle, seats) == 68);
    assert!(offset_of!(Request, client) == 4 && offset_of!(Request, nonce) == 8);
    assert!(offset_of!(Request, kind) == 16 && offset_of!(Request, show) == 20);
    assert!(offset_of!(Request, seats) == 24 && offset_of!(Request, reserved) == 28);
    assert!(offset_of!(Reply, status) == 4 && offset_of!(Reply, nonce) == 8);
    assert!(offset_of!(Reply, show) == 16 && offset_of!(Reply, seats) == 20);
    assert!(offset_of!(Reply, server) == 24 && offset_of!(Reply, count) == 28);
    // One write to a pipe must stay whole.
    assert!(REPLY_MAX <= 4096 && REQUEST_SIZE <= 4096);
};

impl Spectacle {
    /// The title up to its NUL; bytes that are no UTF-8 show as U+FFFD.
    pub fn title(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(until_nul(&self.title))
    }

    /// The date up to its NUL, `DD/MM/YYYY`.
    pub fn date(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(until_nul(&self.date))
    }
}

/// The bytes before the first NUL, or all of them.
pub fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == 0).next().unwrap_or_default()
}

impl Request {
    /// The request that whatever arrived is taken for.
    ///
    /// Every byte string is one. A string of the wrong length loses its magic, so that the table's rules refuse it,
    /// and keeps client and nonce as far as they arrived, so that its sender can be told.
    pub fn from_received(bytes: &[u8]) -> Request {
        let mut request = Request::new_zeroed();
        let len = bytes.len().min(REQUEST_SIZE);
        request.as_mut_bytes()[..len].copy_from_slice(&bytes[..len]);
        if bytes.len() == REQUEST_SIZE { request } else { request.spoiled() }
    }

    /// The same request without its magic: one that came in at a place where no request belongs.
    pub fn spoiled(self) -> Request {
        Request { magic: [0; 4], ..self }
    }

    /// The kind, if magic, kind and `reserved` are those of a request.
    pub fn kind(&self) -> Option<Kind> {
        if self.magic != MAGIC || self.reserved != 0 {
            return None;
        }
        [Kind::List, Kind::View, Kind::Reserve].into_iter().find(|&kind| self.kind == kind as i32)
    }
}

impl Reply {
    /// A reply to `request` that carries only a status.
    pub fn new(request: &Request, status: Status, server: i32) -> Reply {
        let show = match request.kind() {
            Some(Kind::View | Kind::Reserve) => request.show,
            Some(Kind::List) | None => I32::ZERO,
        };
        Reply {
            magic: MAGIC,
            status: I32::new(status as i32),
            nonce: request.nonce,
            show,
            server: I32::new(server),
            ..Reply::new_zeroed()
        }
    }

    /// The bytes that travel: the 32 of the reply, then its rows.
    ///
    /// # Panics
    /// If `count` is outside 0..=10, which no constructor makes.
    pub fn bytes(&self) -> &[u8] {
        let count = usize::try_from(self.count.get()).expect("a count is never negative");
        &self.as_bytes()[..REPLY_SIZE + count * size_of::<Spectacle>()]
    }

    /// The reply in `bytes`, if they are exactly one: magic, a known status, and as many rows as it announces.
    pub fn from_received(bytes: &[u8]) -> Option<Reply> {
        if bytes.len() < REPLY_SIZE || bytes.len() > REPLY_MAX {
            return None;
        }
        let mut reply = Reply::new_zeroed();
        reply.as_mut_bytes()[..bytes.len()].copy_from_slice(bytes);
        let rows = (bytes.len() - REPLY_SIZE) as i64;
        let announced = i64::from(reply.count.get()) * size_of::<Spectacle>() as i64;
        let whole = reply.magic == MAGIC && rows == announced && reply.status().is_some();
        whole.then_some(reply)
    }

    /// The status, if it is one of this version's.
    pub fn status(&self) -> Option<Status> {
        use Status::*;
        [Ok, UnknownShow, NotEnoughSeats, BadSeats, BadRequest, Busy, Unavailable, Redirect]
            .into_iter()
            .find(|&status| self.status == status as i32)
    }

    /// The rows that travel with this reply.
    pub fn rows(&self) -> &[Spectacle] {
        &self.rows[..usize::try_from(self.count.get()).unwrap_or(0).min(ROWS)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view() -> Request {
        let mut request = Request::new_zeroed();
        request.magic = MAGIC;
        request.client = I32::new(0x0102_0304);
        request.nonce = U64::new(0x1122_3344_5566_7788);
        request.kind = I32::new(Kind::View as i32);
        request.show = I32::new(3);
        request
    }

    #[test]
    fn a_request_is_these_bytes_on_every_machine() {
        let expected = b"SPC1\x04\x03\x02\x01\x88\x77\x66\x55\x44\x33\x22\x11\x02\0\0\0\x03\0\0\0\0\0\0\0\0\0\0\0";
        assert_eq!(view().as_bytes(), expected);
        assert_eq!(Request::from_received(expected), view());
    }

    #[test]
    fn a_request_of_the_wrong_length_keeps_its_sender_and_loses_its_magic() {
        let bytes = view();
        for len in (0..32).chain(33..64) {
            let mut received = bytes.as_bytes().to_vec();
            received.resize(len, 0);
            let request = Request::from_received(&received);
            assert_eq!(request.kind(), None, "{len} bytes");
            if len >= 16 {
                assert_eq!((request.client, request.nonce), (bytes.client, bytes.nonce));
            }
        }
    }

    #[test]
    fn a_request_with_a_foreign_magic_kind_or_reserved_field_has_no_kind() {
        assert_eq!(view().kind(), Some(Kind::View));
        assert_eq!(view().spoiled().kind(), None);
        assert_eq!(Request { reserved: I32::new(1), ..view() }.kind(), None);
        for kind in [i32::MIN, -1, 0, 4, i32::MAX] {
            assert_eq!(Request { kind: I32::new(kind), ..view() }.kind(), None);
        }
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
