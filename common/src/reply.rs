//! The reply, 32 bytes from the server to a client, and its rows.

use std::mem::{offset_of, size_of};

use zerocopy::little_endian::{I32, U64};
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::record::{MAGIC, ROWS, Spectacle};
use crate::request::{Kind, Request};

/// Bytes of a reply without rows.
pub const REPLY_SIZE: usize = offset_of!(Reply, rows);
/// Bytes of the largest reply, the one to LIST.
pub const REPLY_MAX: usize = size_of::<Reply>();

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

    /// The reply in `bytes`, if they are exactly one: magic, a known status, and as many rows as it
    /// announces.
    pub fn from_received(bytes: &[u8]) -> Option<Reply> {
        let header = bytes.first_chunk()?;
        if !header.starts_with(&MAGIC) || Self::announced_size(header)? != bytes.len() {
            return None;
        }
        let mut reply = Reply::new_zeroed();
        reply.as_mut_bytes()[..bytes.len()].copy_from_slice(bytes);
        reply.status().is_some().then_some(reply)
    }

    /// How many bytes a reply has that begins with these 32; None if it announces a number of rows
    /// that no reply has.
    pub fn announced_size(header: &[u8; REPLY_SIZE]) -> Option<usize> {
        let (count, _) = I32::read_from_prefix(&header[offset_of!(Reply, count)..]).ok()?;
        let rows = usize::try_from(count.get()).ok().filter(|&rows| rows <= ROWS)?;
        Some(REPLY_SIZE + rows * size_of::<Spectacle>())
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
    use crate::ask::Ask;

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
