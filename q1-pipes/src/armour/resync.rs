//! Records out of a pipe that may hold garbage: after a foreign byte, slide to the next magic.
//!
//! A pipe keeps no boundaries between writes. Fixed-size reads alone would be wrong for ever after
//! one stray byte. Here only those records are lost that the garbage overlaps.

use std::marker::PhantomData;

use common::record::MAGIC;
use common::request::{REQUEST_SIZE, Request};
use zerocopy::FromBytes;

/// What stands at a magic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// A record of so many bytes.
    Whole(usize),
    /// The beginning of one.
    Incomplete,
    /// Four bytes that look like the magic.
    Garbage,
}

/// A record that begins with the magic.
pub trait Record: Sized {
    /// What `bytes` begin with, after their magic.
    fn find(bytes: &[u8]) -> Found;

    /// The record in the bytes of a whole one.
    fn read(bytes: &[u8]) -> Option<Self>;
}

impl Record for Request {
    /// One that is illegal is still one, and is refused. But if a magic stands inside it, and it is
    /// illegal or what begins there is legal, it is more likely a broken one that runs into it.
    fn find(bytes: &[u8]) -> Found {
        if bytes.len() < REQUEST_SIZE {
            return Found::Incomplete;
        }
        let is_legal = |bytes| {
            Request::read_from_prefix(bytes).is_ok_and(|(request, _)| request.kind().is_some())
        };
        let mut magics = (1..REQUEST_SIZE)
            .filter(|&at| bytes[at] == MAGIC[0] && begins_magic(&bytes[at..REQUEST_SIZE]));
        if magics.any(|at| !is_legal(bytes) || is_legal(&bytes[at..])) {
            return Found::Garbage;
        }
        Found::Whole(REQUEST_SIZE)
    }

    fn read(bytes: &[u8]) -> Option<Request> {
        Request::read_from_bytes(bytes).ok()
    }
}

/// Bytes on their way from a pipe to records.
#[derive(Debug)]
pub struct Stream<R> {
    bytes: Box<[u8]>,
    /// Where the bytes begin that are neither taken nor skipped.
    start: usize,
    /// Where they end.
    end: usize,
    /// The pipe was empty behind them.
    is_all: bool,
    skipped: u64,
    records: PhantomData<R>,
}

impl<R: Record> Stream<R> {
    /// An empty stream with room for `len` bytes: at least one record.
    pub fn new(len: usize) -> Stream<R> {
        let bytes = vec![0; len].into_boxed_slice();
        Stream { bytes, start: 0, end: 0, is_all: true, skipped: 0, records: PhantomData }
    }

    /// Where the next bytes of the pipe are to be put, once [`Stream::take`] has returned None.
    pub fn room(&mut self) -> &mut [u8] {
        // Mostly there are none, and to copy none is still a call.
        if self.start < self.end {
            self.bytes.copy_within(self.start..self.end, 0);
        }
        self.end -= self.start;
        self.start = 0;
        &mut self.bytes[self.end..]
    }

    /// Says that a read has put `len` bytes there.
    ///
    /// A read that got less than it asked for has emptied the pipe. Honest writes are atomic, so an
    /// incomplete rest is no record that goes on later.
    pub fn filled(&mut self, len: usize) {
        self.is_all = len < self.bytes.len() - self.end;
        self.end += len;
    }

    /// The next record, or None if the pipe must be read first.
    pub fn take(&mut self) -> Option<R> {
        R::read(self.take_bytes()?)
    }

    /// The bytes of the next record, or None if the pipe must be read first.
    pub fn take_bytes(&mut self) -> Option<&[u8]> {
        loop {
            let rest = &self.bytes[self.start..self.end];
            let magic = rest.windows(MAGIC.len()).position(|window| window == MAGIC);
            let Some(garbage) = magic else {
                // The last three bytes may be a magic's first.
                let keep = if self.is_all { 0 } else { rest.len().min(MAGIC.len() - 1) };
                self.skip(rest.len() - keep);
                return None;
            };
            self.skip(garbage);
            match R::find(&self.bytes[self.start..self.end]) {
                Found::Whole(len) => {
                    let begin = self.start;
                    self.start += len;
                    return Some(&self.bytes[begin..self.start]);
                }
                Found::Incomplete if !self.is_all => return None,
                Found::Incomplete | Found::Garbage => self.skip(1),
            }
        }
    }

    /// Bytes that belonged to no record.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    fn skip(&mut self, len: usize) {
        self.start += len;
        self.skipped += len as u64;
    }
}

/// Whether bytes at the end of a record are a magic, or its first bytes if they are fewer.
fn begins_magic(bytes: &[u8]) -> bool {
    MAGIC.starts_with(&bytes[..bytes.len().min(MAGIC.len())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::ask::Ask;
    use common::office::BATCH_MAX;
    use common::reply::{REPLY_MAX, Reply, Status};
    use proptest::prelude::*;
    use zerocopy::IntoBytes;

    const ROOM: usize = BATCH_MAX * REQUEST_SIZE;

    /// Reads a pipe that holds `bytes`, as a worker does.
    fn read<R: Record>(stream: &mut Stream<R>, mut bytes: &[u8]) -> Vec<R> {
        let mut records = Vec::new();
        while !bytes.is_empty() {
            let room = stream.room();
            let len = room.len().min(bytes.len());
            room[..len].copy_from_slice(&bytes[..len]);
            stream.filled(len);
            bytes = &bytes[len..];
            records.extend(std::iter::from_fn(|| stream.take()));
        }
        records
    }

    fn requests(bytes: &[u8]) -> Vec<u64> {
        let mut stream = Stream::<Request>::new(ROOM);
        read(&mut stream, bytes).iter().map(|request| request.nonce.get()).collect()
    }

    fn view(nonce: u64) -> Request {
        Request::new(7, nonce, Ask::View { show: 3 })
    }

    #[test]
    fn one_stray_byte_loses_no_record() {
        let mut bytes = b"x".to_vec();
        (1..=100).for_each(|nonce| bytes.extend(view(nonce).as_bytes()));
        assert_eq!(requests(&bytes), (1..=100).collect::<Vec<u64>>());
    }

    #[test]
    fn a_broken_record_gives_way_to_the_whole_one_behind_it() {
        let whole = [view(1), view(2)];
        for len in 0..REQUEST_SIZE {
            let bytes = [&view(9).as_bytes()[..len], whole.as_bytes()].concat();
            assert_eq!(requests(&bytes), [1, 2], "behind {len} bytes");
            // Behind 11 bytes this client would be a kind, and the rest of the request fit it.
            let bytes = [&bytes[..len], Request::new(0x301, 0x100, Ask::List).as_bytes()].concat();
            assert_eq!(requests(&bytes), [0x100], "behind {len} bytes");
        }
    }

    #[test]
    fn a_rest_is_kept_while_the_pipe_goes_on_and_dropped_when_it_is_empty() {
        let mut stream = Stream::<Request>::new(ROOM);
        assert_eq!(read(&mut stream, &view(1).as_bytes()[..20]), []);
        assert_eq!(read(&mut stream, &view(2).as_bytes()[20..]), [], "two torn halves are none");
        assert_eq!(read(&mut stream, view(3).as_bytes()), [view(3)]);
        assert_eq!(stream.skipped(), 32);
    }

    #[test]
    fn an_illegal_record_is_still_one() {
        let illegal = Request { kind: 77.into(), ..view(5) };
        assert_eq!(read(&mut Stream::<Request>::new(ROOM), illegal.as_bytes()), [illegal]);
    }

    #[test]
    fn a_reply_is_found_behind_the_beginning_of_another() {
        let list = Reply { count: 10.into(), ..Reply::new(&view(1), Status::Ok, 42) };
        let view = Reply::new(&view(2), Status::Ok, 42);
        let bytes = [list.bytes(), &list.bytes()[..32], view.bytes()].concat();
        assert_eq!(read(&mut Stream::<Reply>::new(2 * REPLY_MAX), &bytes), [list, view]);
    }

    proptest! {
        #[test]
        fn garbage_without_a_magic_loses_nothing(
            parts in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..60), 1..9_u64), 0..30),
        ) {
            let mut bytes = Vec::new();
            for (garbage, nonce) in &parts {
                bytes.extend(garbage.iter().map(|byte| if *byte == b'1' { 0 } else { *byte }));
                bytes.extend(view(*nonce).as_bytes());
            }
            let sent: Vec<u64> = parts.iter().map(|(_, nonce)| *nonce).collect();
            prop_assert_eq!(requests(&bytes), sent);
        }

        #[test]
        fn garbage_of_magics_loses_only_what_it_overlaps(
            pieces in prop::collection::vec(prop_oneof![Just(0_usize), 1..32_usize], 0..99),
        ) {
            let mut bytes = Vec::new();
            for (nonce, len) in (1..).zip(&pieces) {
                bytes.extend(&view(99).as_bytes()[..*len]);
                bytes.extend(view(nonce).as_bytes());
            }
            prop_assert_eq!(requests(&bytes), (1..=pieces.len() as u64).collect::<Vec<u64>>());
        }

        #[test]
        fn no_bytes_make_it_panic_or_stop(bytes in prop::collection::vec(prop_oneof![Just(b'S'), Just(b'P'), Just(b'C'), Just(b'1'), any::<u8>()], 0..300)) {
            let bytes = bytes.repeat(9);
            requests(&bytes);
            read(&mut Stream::<Reply>::new(2 * REPLY_MAX), &bytes);
        }
    }
}
