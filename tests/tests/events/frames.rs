//! Where a stream is cut does not matter: several requests of all kinds, cut at every byte.

use common::client::ask::Ask;
use common::protocol::reply::Status;
use harness::checks::sockets::raw::{Raw, request, start};
use harness::stage::Stage;

#[test]
fn requests_of_all_kinds_are_answered_alike_wherever_the_stream_is_cut() {
    let server = start(Stage::Q9Events, &["--durability", "process"]);
    let asks = [
        Ask::View { show: 99 },
        Ask::Reserve { show: 8, seats: 1000 },
        Ask::Reserve { show: 99, seats: 1 },
        Ask::List,
        Ask::Reserve { show: 3, seats: 0 },
    ];
    let told = [
        Status::UnknownShow,
        Status::NotEnoughSeats,
        Status::UnknownShow,
        Status::Ok,
        Status::BadSeats,
    ];
    let bytes: Vec<u8> = (1..).zip(asks).flat_map(|(nonce, ask)| request(nonce, ask)).collect();
    let mut raw = Raw::open(&server);
    for cut in 0..=bytes.len() {
        let sent = format!("five requests, cut at byte {cut}");
        raw.send(&bytes[..cut]);
        // What is whole is answered before the rest comes.
        for (nonce, status) in (1..).zip(told).take(cut / 32) {
            raw.expect(&sent, status, nonce);
        }
        raw.send(&bytes[cut..]);
        for (nonce, status) in (1..).zip(told).skip(cut / 32) {
            raw.expect(&sent, status, nonce);
        }
    }
}

#[test]
fn garbage_behind_requests_of_all_kinds_is_told_after_their_replies() {
    let server = start(Stage::Q9Events, &[]);
    let asks = [Ask::View { show: 3 }, Ask::Reserve { show: 3, seats: 1 }, Ask::List];
    for count in 0..=asks.len() {
        let mut raw = Raw::open(&server);
        let mut bytes: Vec<u8> =
            (1..).zip(&asks[..count]).flat_map(|(nonce, &ask)| request(nonce, ask)).collect();
        bytes.extend(b"GET / HTTP/1.1\r\n\r\n");
        raw.send(&bytes);
        let sent = format!("{count} requests, then garbage");
        (1..=count as u64).for_each(|nonce| raw.expect(&sent, Status::Ok, nonce));
        assert_eq!(raw.told(&sent).0, Some(Status::BadRequest));
        raw.expect_close(&sent);
    }
}
