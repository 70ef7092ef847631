//! What comes out of a box: frames over a pipe that the submission never has.

use std::fs::File;
use std::io::{self, Write};

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The box is made, and the submission is in it.
    Ready = b'R' as isize,
    /// No box can be made: why.
    NoBox = b'N' as isize,
    /// The submission cannot be copied into the box: why.
    NoCopy = b'C' as isize,
    /// A line of the judge.
    Line = b'L' as isize,
    /// A piece of the submission's folder, as an archive.
    Tree = b'T' as isize,
}

const KINDS: [Kind; 5] = [Kind::Ready, Kind::NoBox, Kind::NoCopy, Kind::Line, Kind::Tree];

/// A kind and a length.
const HEAD: usize = 5;
/// The longest frame: a line of a judge has evidence in it, but is no book.
pub(crate) const MAX_FRAME: usize = 1 << 20;

/// Writes one frame.
///
/// # Errors
/// EPIPE: nobody listens any more. EINVAL: it is too long.
pub(crate) fn write(mut to: &File, kind: Kind, payload: &[u8]) -> io::Result<()> {
    if payload.len() > MAX_FRAME {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    let mut frame = Vec::with_capacity(HEAD + payload.len());
    frame.push(kind as u8);
    frame.extend((payload.len() as u32).to_le_bytes());
    frame.extend(payload);
    to.write_all(&frame)
}

/// Puts frames together from what is read.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    bytes: Vec<u8>,
}

impl Frames {
    /// Adds what was read.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    /// The next whole frame, if there is one; Err if this is no frame at all.
    pub(crate) fn next(&mut self) -> Result<Option<(Kind, Vec<u8>)>, String> {
        let Some((&kind, rest)) = self.bytes.split_first() else { return Ok(None) };
        let Some(kind) = KINDS.into_iter().find(|known| *known as u8 == kind) else {
            return Err(format!("byte {kind} begins no frame"));
        };
        let Some(len) = rest.first_chunk() else { return Ok(None) };
        let len = u32::from_le_bytes(*len) as usize;
        if len > MAX_FRAME {
            return Err(format!("a frame of {len} bytes is too long"));
        }
        if self.bytes.len() < HEAD + len {
            return Ok(None);
        }
        let payload = self.bytes[HEAD..HEAD + len].to_vec();
        self.bytes.drain(..HEAD + len);
        Ok(Some((kind, payload)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_put_together_from_single_bytes() {
        let mut frames = Frames::default();
        let mut found = Vec::new();
        for byte in b"L\x02\0\0\0hiR\0\0\0\0" {
            frames.add(&[*byte]);
            found.extend(frames.next().unwrap());
        }
        assert_eq!(found, [(Kind::Line, b"hi".to_vec()), (Kind::Ready, Vec::new())]);
    }

    #[test]
    fn what_is_no_frame_is_an_error() {
        for bytes in [b"X\0\0\0\0".as_slice(), b"L\xff\xff\xff\xff"] {
            let mut frames = Frames::default();
            frames.add(bytes);
            assert!(frames.next().is_err(), "{bytes:?}");
        }
    }
}
