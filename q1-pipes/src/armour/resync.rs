//! Records out of a pipe that may hold garbage: after a foreign byte, slide to the next magic.
//!
//! Stops: `q1_pipes::one_stray_byte_ahead_of_a_hundred_requests_loses_none`.
//!
//! A pipe keeps no boundaries between writes. With fixed-size reads alone, every record after one
//! stray byte would be wrong. Here only the records that overlap the garbage are lost.

use std::marker::PhantomData;

use common::protocol::record::MAGIC;
use common::protocol::request::{REQUEST_SIZE, Request};
use zerocopy::FromBytes;

/// What follows a magic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// A record of this many bytes, the magic included.
    Whole(usize),
    /// The beginning of a record.
    Incomplete,
    /// No record: the four bytes only look like the magic.
    Garbage,
}

/// A record that begins with the magic.
pub trait Record: Sized {
    /// What `bytes`, which begin with a magic, hold.
    fn find(bytes: &[u8]) -> Found;

    /// The record in these bytes, which [`Record::find`] has found to be whole.
    fn read(bytes: &[u8]) -> Option<Self>;
}

impl Record for Request {
    /// An illegal request is still a request: it is refused later. But a second magic inside it may
    /// begin the next request. If the first one is illegal, or the second one legal, the first is
    /// taken for a broken one.
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

/// A buffer that takes bytes from a pipe and gives records.
#[derive(Debug)]
pub struct Stream<R> {
    bytes: Box<[u8]>,
    /// Index of the first byte that is neither taken nor skipped.
    start: usize,
    /// Index after the last byte that was read.
    end: usize,
    /// Whether the last read has emptied the pipe.
    is_pipe_empty: bool,
    skipped: u64,
    records: PhantomData<R>,
}

impl<R: Record> Stream<R> {
    /// An empty buffer of `len` bytes: at least one record.
    pub fn new(len: usize) -> Stream<R> {
        let bytes = vec![0; len].into_boxed_slice();
        Stream { bytes, start: 0, end: 0, is_pipe_empty: true, skipped: 0, records: PhantomData }
    }

    /// The free part of the buffer, for the next read, once [`Stream::take`] has returned None.
    pub fn free_space(&mut self) -> &mut [u8] {
        // Usually nothing has to be moved; even then `copy_within` would be a call.
        if self.start < self.end {
            self.bytes.copy_within(self.start..self.end, 0);
        }
        self.end -= self.start;
        self.start = 0;
        &mut self.bytes[self.end..]
    }

    /// Says that a read has put `len` bytes there.
    ///
    /// A read that got less than it asked for has emptied the pipe. Honest writes are atomic: an
    /// incomplete record at the end of an empty pipe is garbage.
    pub fn filled(&mut self, len: usize) {
        self.is_pipe_empty = len < self.bytes.len() - self.end;
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
                // The last three bytes may be the first ones of a magic.
                let keep = if self.is_pipe_empty { 0 } else { rest.len().min(MAGIC.len() - 1) };
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
                Found::Incomplete if !self.is_pipe_empty => return None,
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

/// Whether `bytes` begin with a magic; of less than four bytes, whether a magic begins with them.
fn begins_magic(bytes: &[u8]) -> bool {
    MAGIC.starts_with(&bytes[..bytes.len().min(MAGIC.len())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::booking::office::BATCH_MAX;
    use common::client::ask::Ask;
    use common::protocol::reply::{REPLY_MAX, Reply, Status};
    use proptest::prelude::*;
    use zerocopy::IntoBytes;

    const BUFFER_SIZE: usize = BATCH_MAX * REQUEST_SIZE;

    /// Reads a pipe that holds `bytes`, as a worker does.
    fn read<R: Record>(stream: &mut Stream<R>, mut bytes: &[u8]) -> Vec<R> {
        let mut records = Vec::new();
        while !bytes.is_empty() {
            let space = stream.free_space();
            let len = space.len().min(bytes.len());
            space[..len].copy_from_slice(&bytes[..len]);
            stream.filled(len);
            bytes = &bytes[len..];
            records.extend(std::iter::from_fn(|| stream.take()));
        }
        records
    }

    fn requests(bytes: &[u8]) -> Vec<u64> {
        let mut stream = Stream::<Request>::new(BUFFER_SIZE);
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
        let mut stream = Stream::<Request>::new(BUFFER_SIZE);
        assert_eq!(read(&mut stream, &view(1).as_bytes()[..20]), []);
        assert_eq!(read(&mut stream, &view(2).as_bytes()[20..]), [], "two torn halves are none");
        assert_eq!(read(&mut stream, view(3).as_bytes()), [view(3)]);
        assert_eq!(stream.skipped(), 32);
    }

    #[test]
    fn an_illegal_record_is_still_one() {
        let illegal = Request { kind: 77.into(), ..view(5) };
        assert_eq!(read(&mut Stream::<Request>::new(BUFFER_SIZE), illegal.as_bytes()), [illegal]);
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
