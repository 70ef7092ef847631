//! The pipe: garbage between and inside of requests costs those that it overlaps, and no others.

use common::booking::office::BATCH_MAX;
use common::client::ask::Ask;
use common::protocol::record::MAGIC;
use common::protocol::reply::{REPLY_MAX, Reply};
use common::protocol::request::{REQUEST_SIZE, Request};
use fastrand::Rng;
use q1_pipes::armour::resync::{Record, Stream};
use zerocopy::IntoBytes;

use super::{Diet, fuzz};

const PIPE: Diet = Diet { name: "pipe", longest: 256, words: &[b"SPC1", b"SPC", &[0; 16]] };
/// What a worker asks for at once.
const ROOM: usize = BATCH_MAX * REQUEST_SIZE;

/// What an honest client writes: its PID, and a nonce that counts up from a random number.
fn honest(rng: &mut Rng) -> Request {
    let ask = match rng.u8(..3) {
        0 => Ask::List,
        1 => Ask::View { show: rng.i32(-1..12) },
        _ => Ask::Reserve { show: rng.i32(-1..12), seats: rng.i32(-1..200) },
    };
    let longest = *rng.choice(&[200, 2_000, 40_000, 4_194_304]).unwrap();
    Request::new(rng.i32(1..longest), rng.u64(1..), ask)
}

/// Reads a pipe that holds `bytes`, as a worker does that has `room` for some of them.
fn read<R: Record>(mut bytes: &[u8], room: usize) -> (Vec<R>, u64) {
    let mut stream = Stream::<R>::new(room);
    let mut records = Vec::new();
    while !bytes.is_empty() {
        let room = stream.free_space();
        assert!(!room.is_empty(), "a full buffer without a record would never be read on");
        let len = room.len().min(bytes.len());
        room[..len].copy_from_slice(&bytes[..len]);
        stream.filled(len);
        bytes = &bytes[len..];
        records.extend(std::iter::from_fn(|| stream.take()));
    }
    (records, stream.skipped())
}

#[test]
fn garbage_in_a_pipe_costs_the_requests_that_it_overlaps_and_no_others() {
    fuzz(&PIPE, |garbage, rng| {
        let (mut bytes, mut sent) = (Vec::new(), Vec::new());
        let (mut rest, mut has_magic) = (garbage, garbage.windows(4).any(|four| four == MAGIC));
        for _ in 0..rng.usize(2..6) {
            let request = honest(rng);
            let (piece, behind) = rest.split_at(rng.usize(..=rest.len().min(64)));
            rest = behind;
            match rng.u8(..4) {
                // Somebody has written into the middle of a request, or its end is missing.
                0 => {
                    let at = rng.usize(..REQUEST_SIZE);
                    bytes.extend(&request.as_bytes()[..at]);
                    bytes.extend(piece);
                    has_magic |= at >= MAGIC.len();
                }
                _ => {
                    bytes.extend(piece);
                    bytes.extend(request.as_bytes());
                    sent.push(request);
                }
            }
        }
        // A small buffer makes every place the end of a read. There, whether a broken request runs
        // into another cannot be seen yet.
        let small = [2 * REQUEST_SIZE, 3 * REQUEST_SIZE + 1, ROOM];
        let room = if has_magic { ROOM } else { rng.choice(small).unwrap() };
        let (taken, skipped) = read::<Request>(&bytes, room);
        let mut left = taken.iter();
        for request in &sent {
            assert!(
                left.any(|taken| taken == request),
                "lost {request:?} of {sent:#?} in {bytes:02x?}"
            );
        }
        assert!(taken.len() * REQUEST_SIZE + skipped as usize <= bytes.len());
        let (replies, skipped) = read::<Reply>(garbage, 2 * REPLY_MAX);
        let size: usize = replies.iter().map(|reply| reply.bytes().len()).sum();
        assert!(size + skipped as usize <= garbage.len());
        (taken.len() - sent.len(), replies.len())
    });
}
