//! What all records of protocol version 1 share, and the row of the table.

use std::borrow::Cow;
use std::mem::{offset_of, size_of};

use zerocopy::little_endian::I32;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// First four bytes of every request and reply: protocol `SPC`, version 1.
pub const MAGIC: [u8; 4] = *b"SPC1";
/// Rows of a table, empty ones included.
pub const ROWS: usize = 10;
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

// What a C program on the other side relies on, in numbers that nobody computed from this type.
const _: () = {
    assert!(size_of::<Spectacle>() == 72);
    assert!(offset_of!(Spectacle, title) == 4 && offset_of!(Spectacle, date) == 54);
    assert!(offset_of!(Spectacle, pad) == 65 && offset_of!(Spectacle, seats) == 68);
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
