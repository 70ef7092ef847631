//! The two records, against the protocol's document read a second time.

use common::booking::shows;
use common::protocol::record::ROWS;
use common::protocol::reply::Reply;
use common::protocol::request::{Kind, Request};
use zerocopy::{FromBytes, IntoBytes};

use super::{Diet, fuzz};

const REQUEST: Diet = Diet { name: "request", longest: 80, words: &[b"SPC1", b"SPC2", &[0; 8]] };
const REPLY: Diet =
    Diet { name: "reply", longest: 800, words: &[b"SPC1", &[10, 0, 0, 0], &[0; 72]] };

/// The integer at an offset, little-endian.
pub(super) fn int(bytes: &[u8], at: usize) -> i32 {
    i32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

/// The kind of a request, by the protocol's table of offsets.
pub(super) fn kind(bytes: &[u8]) -> Option<Kind> {
    let legal = bytes.len() == 32 && bytes.starts_with(b"SPC1") && int(bytes, 28) == 0;
    match legal.then(|| int(bytes, 16))? {
        1 => Some(Kind::List),
        2 => Some(Kind::View),
        3 => Some(Kind::Reserve),
        _ => None,
    }
}

#[test]
fn any_bytes_are_a_request_and_the_rules_answer_it() {
    let table = shows::sample();
    fuzz(&REQUEST, |bytes, _| {
        let request = Request::from_received(bytes);
        assert_eq!(request.kind(), kind(bytes));
        let arrived = bytes.len().min(16);
        assert_eq!(request.as_bytes()[4.min(arrived)..arrived], bytes[4.min(arrived)..arrived]);
        if let Ok(same) = Request::read_from_bytes(bytes) {
            assert_eq!(Request::from_received(same.as_bytes()), same);
        }
        let mut after = table;
        let mut replies = [Reply::default(); 2];
        table.answer(&request, 1, &mut replies[0]);
        replies[1].tell(&request, after.decide(&request), 1);
        for reply in &replies {
            assert_eq!(Reply::from_received(reply.bytes()), Some(*reply));
        }
        let sold = (0..ROWS).map(|row| table.rows[row].seats.get() - after.rows[row].seats.get());
        let [consulted, reserved] = replies.map(|reply| reply.status.get());
        assert_eq!(sold.sum::<i32>(), if reserved == 0 { int(bytes, 24) } else { 0 });
        (bytes.len().cmp(&32), request.kind().map(|kind| kind as i32), consulted, reserved)
    });
}

#[test]
fn bytes_are_a_reply_only_if_they_are_exactly_one() {
    fuzz(&REPLY, |bytes, _| {
        let reply = Reply::from_received(bytes);
        let legal = bytes.len() >= 32
            && bytes.starts_with(b"SPC1")
            && (0..=7).contains(&int(bytes, 4))
            && (0..=10).contains(&int(bytes, 28))
            && bytes.len() as i32 == 32 + 72 * int(bytes, 28);
        assert_eq!(reply.is_some(), legal);
        if let Some(reply) = reply {
            assert_eq!(reply.bytes(), bytes);
            assert_eq!(reply.rows().as_bytes(), &bytes[32..]);
        }
        reply.map(|reply| (reply.status.get(), reply.count.get()))
    });
}
