//! Framing: a stream has no messages, so where a record ends is read from the record.

use common::protocol::record::MAGIC;
use common::protocol::reply::Reply;
use common::protocol::request::{REQUEST_SIZE, Request};

/// What stands at the front of the bytes that have arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<T> {
    /// A record, and how many bytes it takes.
    Whole(T, usize),
    /// The beginning of one, or nothing.
    Incomplete,
    /// Nothing that could become one: from here on no record can be found any more.
    Garbage,
}

/// The request at the front of `bytes`; with the right magic any 32 bytes are one.
///
/// One that names no client is answered as a bad request. Here a reply needs no client's name, but
/// with queues and FIFOs it does, and all mechanisms answer alike.
pub fn request(bytes: &[u8]) -> Frame<Request> {
    if !has_magic(bytes) {
        return Frame::Garbage;
    }
    match bytes.get(..REQUEST_SIZE) {
        Some(whole) => {
            let request = Request::from_received(whole);
            let request = if request.is_anonymous() { request.without_magic() } else { request };
            Frame::Whole(request, REQUEST_SIZE)
        }
        None => Frame::Incomplete,
    }
}

/// The reply at the front of `bytes`.
pub fn reply(bytes: &[u8]) -> Frame<Reply> {
    match reply_bytes(bytes) {
        Frame::Whole(whole, size) => {
            Reply::from_received(whole).map_or(Frame::Garbage, |reply| Frame::Whole(reply, size))
        }
        Frame::Incomplete => Frame::Incomplete,
        Frame::Garbage => Frame::Garbage,
    }
}

/// The bytes of the reply at the front of `bytes`: its first 32 say how many rows follow.
pub fn reply_bytes(bytes: &[u8]) -> Frame<&[u8]> {
    if !has_magic(bytes) {
        return Frame::Garbage;
    }
    let Some(header) = bytes.first_chunk() else { return Frame::Incomplete };
    let Some(size) = Reply::announced_size(header) else { return Frame::Garbage };
    match bytes.get(..size) {
        Some(whole) if Reply::is_one(whole) => Frame::Whole(whole, size),
        Some(_) => Frame::Garbage,
        None => Frame::Incomplete,
    }
}

/// Whether the bytes begin with the magic, as far as they go. So another protocol is recognised by
/// its first byte.
fn has_magic(bytes: &[u8]) -> bool {
    bytes.iter().zip(&MAGIC).all(|(byte, magic)| byte == magic)
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::booking::shows;
    use common::client::ask::Ask;
    use proptest::prelude::*;
    use zerocopy::IntoBytes;

    #[test]
    fn a_record_is_found_at_its_last_byte_and_not_before() {
        let asked = Request::new(7, 9, Ask::List);
        let list = shows::sample().reply(&asked, 42);
        let view = shows::sample().reply(&Request::new(7, 9, Ask::View { show: 1 }), 42);
        for len in 0..=80 {
            let bytes = [asked.as_bytes(), asked.as_bytes(), asked.as_bytes()].concat();
            let expected = if len < 32 { Frame::Incomplete } else { Frame::Whole(asked, 32) };
            assert_eq!(request(&bytes[..len]), expected, "{len}");
        }
        for (answer, size) in [(list, 752), (view, 32)] {
            let bytes = [answer.bytes(), answer.bytes()].concat();
            for len in 0..=bytes.len() {
                let expected =
                    if len < size { Frame::Incomplete } else { Frame::Whole(answer, size) };
                assert_eq!(reply(&bytes[..len]), expected, "{len}");
            }
        }
    }

    #[test]
    fn another_protocol_is_recognised_by_its_first_byte() {
        for bytes in [&b"G"[..], b"GET / HTTP/1.1\r\n\r\n", b"SPC2", b"SPD", &[0; 40]] {
            assert_eq!(request(bytes), Frame::Garbage, "{bytes:?}");
            assert_eq!(reply(bytes), Frame::Garbage, "{bytes:?}");
        }
    }

    #[test]
    fn a_reply_with_an_impossible_count_or_status_is_garbage() {
        let asked = Request::new(7, 9, Ask::View { show: 1 });
        let good = shows::sample().reply(&asked, 42);
        for (at, wrong) in [(28, -1), (28, 11), (28, i32::MAX), (4, 8), (4, -1)] {
            let mut bytes = good.bytes().to_vec();
            bytes[at..at + 4].copy_from_slice(&i32::to_le_bytes(wrong));
            assert_eq!(reply(&bytes), Frame::Garbage, "{wrong} at {at}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_framed_without_a_panic(
            noise in prop::collection::vec(any::<u8>(), 0..800), magic in any::<bool>(),
        ) {
            let bytes = if magic { [&MAGIC[..], &noise].concat() } else { noise };
            if let Frame::Whole(_, size) = reply(&bytes) { prop_assert!(size <= bytes.len()); }
            if let Frame::Whole(_, size) = request(&bytes) { prop_assert_eq!(size, 32); }
        }
    }
}
