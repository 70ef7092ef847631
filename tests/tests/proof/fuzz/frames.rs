//! The frames of a stream: the same, wherever it is cut.

use common::protocol::reply::Reply;
use common::protocol::request::Request;
use fastrand::Rng;
use q5_sockets::framing::{self, Frame};

use super::records::int;
use super::{Diet, fuzz};

const FRAMES: Diet = Diet { name: "frames", longest: 1600, words: &[b"SPC1", b"S", &[0; 28]] };

/// What a receiver makes of bytes that arrive in these pieces: the records, and how they end.
fn received<'a, T>(
    pieces: impl Iterator<Item = &'a [u8]>,
    decode: fn(&[u8]) -> Frame<T>,
) -> (Vec<T>, Option<&'static str>) {
    let (mut bytes, mut records) = (Vec::new(), Vec::new());
    for piece in pieces {
        bytes.extend(piece);
        loop {
            match decode(&bytes) {
                Frame::Whole(record, size) => {
                    records.push(record);
                    bytes.drain(..size);
                }
                Frame::Incomplete => break,
                Frame::Garbage => return (records, Some("garbage")),
            }
        }
    }
    (records, (!bytes.is_empty()).then_some("a part"))
}

/// Cuts at a few places; a short input now and then everywhere.
fn cut<'a>(bytes: &'a [u8], rng: &mut Rng) -> Vec<&'a [u8]> {
    if bytes.len() <= 100 && rng.u8(..16) == 0 {
        return bytes.chunks(1).collect();
    }
    let mut pieces = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(rng.usize(1..=rest.len()));
        pieces.push(piece);
        rest = behind;
    }
    pieces
}

/// The requests in a stream, by the protocol's words.
fn requests(bytes: &[u8]) -> (Vec<Request>, Option<&'static str>) {
    let mut records = Vec::new();
    let mut rest = bytes;
    while rest.len() >= 32 && rest.starts_with(b"SPC1") {
        let request = Request::from_received(&rest[..32]);
        records.push(if int(rest, 4) > 0 { request } else { request.without_magic() });
        rest = &rest[32..];
    }
    let end = match rest {
        [] => None,
        _ if rest.iter().zip(b"SPC1").all(|(byte, magic)| byte == magic) => Some("a part"),
        _ => Some("garbage"),
    };
    (records, end)
}

#[test]
fn a_stream_has_the_same_frames_wherever_it_is_cut() {
    fuzz(&FRAMES, |bytes, rng| {
        let whole = received([bytes].into_iter(), framing::request);
        assert_eq!(whole, requests(bytes));
        assert_eq!(received(cut(bytes, rng).into_iter(), framing::request), whole);
        let replies = received([bytes].into_iter(), framing::reply);
        assert_eq!(received(cut(bytes, rng).into_iter(), framing::reply), replies);
        let again: Vec<u8> =
            replies.0.iter().flat_map(|reply: &Reply| reply.bytes()).copied().collect();
        assert_eq!(bytes[..again.len()], again, "the frames are the bytes");
        let kinds: Vec<_> =
            whole.0.iter().take(2).map(|it| it.kind().map(|kind| kind as i32)).collect();
        (kinds, whole.1, replies.0.len().min(2), replies.1)
    });
}
