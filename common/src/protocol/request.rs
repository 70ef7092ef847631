//! The request, 32 bytes from a client to the server.

use std::mem::{offset_of, size_of};

use zerocopy::little_endian::{I32, U64};
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::protocol::record::MAGIC;

/// Bytes of a request.
pub const REQUEST_SIZE: usize = size_of::<Request>();

/// What a client sends.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
pub struct Request {
    /// [`MAGIC`].
    pub magic: [u8; 4],
    /// Where the reply goes: the client's PID, or its thread id where one process runs several
    /// clients.
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

// What a C program on the other side relies on, in numbers that nobody computed from this type.
const _: () = {
    // One write to a pipe stays whole up to 4096 bytes.
    assert!(REQUEST_SIZE == 32 && REQUEST_SIZE <= 4096);
    assert!(offset_of!(Request, client) == 4 && offset_of!(Request, nonce) == 8);
    assert!(offset_of!(Request, kind) == 16 && offset_of!(Request, show) == 20);
    assert!(offset_of!(Request, seats) == 24 && offset_of!(Request, reserved) == 28);
};

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

impl Kind {
    /// The protocol's name, in lower case: what logs say.
    pub fn name(self) -> &'static str {
        match self {
            Kind::List => "list",
            Kind::View => "view",
            Kind::Reserve => "reserve",
        }
    }
}

impl Request {
    /// The request that whatever arrived is taken for.
    ///
    /// Every byte string is taken for one. One of the wrong length loses its magic, so that the
    /// table's rules refuse it. It keeps client and nonce as far as they arrived, so that its sender
    /// gets a reply.
    pub fn from_received(bytes: &[u8]) -> Request {
        let mut request = Request::new_zeroed();
        let len = bytes.len().min(REQUEST_SIZE);
        request.as_mut_bytes()[..len].copy_from_slice(&bytes[..len]);
        if bytes.len() == REQUEST_SIZE { request } else { request.without_magic() }
    }

    /// The same request without its magic, so that it is refused: it came in where its kind does not
    /// belong.
    pub fn without_magic(self) -> Request {
        Request { magic: [0; 4], ..self }
    }

    /// Whether it names no client: then there is nobody to send a reply to.
    pub fn is_anonymous(&self) -> bool {
        self.client <= 0
    }

    /// The kind, if magic, kind and `reserved` are those of a request.
    pub fn kind(&self) -> Option<Kind> {
        if self.magic != MAGIC || self.reserved != 0 {
            return None;
        }
        [Kind::List, Kind::View, Kind::Reserve].into_iter().find(|&kind| self.kind == kind as i32)
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
        assert_eq!(view().without_magic().kind(), None);
        assert_eq!(Request { reserved: I32::new(1), ..view() }.kind(), None);
        for kind in [i32::MIN, -1, 0, 4, i32::MAX] {
            assert_eq!(Request { kind: I32::new(kind), ..view() }.kind(), None);
        }
    }
}
