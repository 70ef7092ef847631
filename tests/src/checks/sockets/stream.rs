//! A stream has no messages: requests arrive in any pieces, and replies leave in order.

use std::net::Shutdown;
use std::process::Command;

use common::client::ask::Ask;
use common::protocol::reply::Status;

use super::raw::{Raw, SOON, request, start};
use crate::address;
use crate::checks::check::{Check, Verdict};
use crate::evidence::same;
use crate::target::Target;
use crate::wait;

const VIEW: Ask = Ask::View { show: 3 };

/// The checks of this file.
pub const CHECKS: &[Check] = &[
    check!(
        Protocol,
        a_request_is_found_wherever_it_is_cut,
        "Are requests answered whose bytes arrive in pieces?"
    ),
    check!(
        P4,
        pipelined_requests_are_answered_in_order_and_see_those_before_them,
        "Are 300 requests sent at once answered in order, each as if it were alone?",
        "another server has no --durability"
    ),
    check!(
        P7,
        what_is_no_request_is_told_so_and_ends_the_connection,
        "Are bytes that are no request told BAD_REQUEST, before the connection is closed?"
    ),
    check!(
        Protocol,
        a_wrong_request_is_refused_and_the_next_one_answered,
        "Is a request with wrong fields told BAD_REQUEST, and the next one on it answered?"
    ),
    check!(
        Protocol,
        a_client_that_sends_no_more_still_gets_its_answers,
        "Are requests answered whose client has closed its sending side?"
    ),
    check!(
        P7,
        a_silent_peer_is_asked_whether_it_is_still_there,
        "Does the server notice in the end that a silent client's machine is gone?",
        "the protocol does not ask for keepalives"
    ),
];

/// Where a request ends is in its bytes, not in how they arrive.
pub fn a_request_is_found_wherever_it_is_cut(target: &Target) -> Verdict {
    let server = start(target, &[]);
    let mut raw = Raw::open(&server);
    for cut in 0..=32 {
        let bytes = [request(1, VIEW), request(2, VIEW)].concat();
        let sent = format!("two VIEWs in three pieces, cut at byte {cut}");
        // Two requests in three pieces, with a wait between them for the answer to the first.
        raw.send(&bytes[..cut]);
        raw.send(&bytes[cut..32 + cut]);
        raw.expect(&sent, Status::Ok, 1);
        raw.send(&bytes[32 + cut..]);
        raw.expect(&sent, Status::Ok, 2);
    }
    for byte in request(3, Ask::Reserve { show: 3, seats: 1 }) {
        raw.send(&[byte]);
    }
    raw.expect("RESERVE, byte by byte", Status::Ok, 3);
    Ok(())
}

/// A connection's requests are one after the other.
pub fn pipelined_requests_are_answered_in_order_and_see_those_before_them(
    target: &Target,
) -> Verdict {
    let server = start(target, &["--durability", "process"]);
    let mut raw = Raw::open(&server);
    let ask = |n: u64| match n % 4 {
        0 | 1 => Ask::Reserve { show: 1, seats: 1 },
        2 => Ask::View { show: 1 },
        _ => Ask::List,
    };
    let bytes: Vec<u8> = (1..=300).flat_map(|n| request(n, ask(n))).collect();
    raw.send(&bytes);
    let mut left = 200;
    for n in 1..=300 {
        let sent = format!("300 requests at once: number {n}, {:?}", ask(n));
        let reply = raw.reply(&sent);
        let seats = match ask(n) {
            Ask::List => reply.rows().first().map(|row| row.seats.get()),
            Ask::View { .. } | Ask::Reserve { .. } => Some(reply.seats.get()),
        };
        left -= i32::from(matches!(ask(n), Ask::Reserve { .. }));
        let came = (reply.nonce.get(), reply.status(), seats);
        same(format!("{sent}: nonce, status, seats"), (n, Some(Status::Ok), Some(left)), came);
    }
    Ok(())
}

/// A client of another protocol learns it.
pub fn what_is_no_request_is_told_so_and_ends_the_connection(target: &Target) -> Verdict {
    let server = start(target, &[]);
    for garbage in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"x", &[0; 5000], b"SPC2"] {
        let mut raw = Raw::open(&server);
        raw.send(&request(9, VIEW));
        raw.send(garbage);
        let head = garbage[..garbage.len().min(16)].escape_ascii();
        let sent = format!("VIEW, then {} bytes that begin with \"{head}\"", garbage.len());
        raw.expect(&sent, Status::Ok, 9);
        same(format!("{sent}: status"), Some(Status::BadRequest), raw.told(&sent).0);
        raw.expect_close(&sent);
    }
    Ok(())
}

/// A request of the right size is one, and costs the next nothing.
pub fn a_wrong_request_is_refused_and_the_next_one_answered(target: &Target) -> Verdict {
    let server = start(target, &[]);
    let mut raw = Raw::open(&server);
    for (at, wrong) in [(16, 4), (16, -1), (28, 1), (4, 0), (4, -7)] {
        let mut bytes = request(5, Ask::Reserve { show: 3, seats: 1 });
        bytes[at..at + 4].copy_from_slice(&i32::to_le_bytes(wrong));
        raw.send(&bytes);
        let sent = format!("RESERVE with {wrong} in the field at byte {at}");
        raw.expect(&sent, Status::BadRequest, 5);
    }
    raw.send(&request(6, VIEW));
    let reply = raw.reply("VIEW, after wrong requests");
    let came = (reply.nonce.get(), reply.seats.get());
    same("VIEW, after wrong requests: nonce, seats", (6, 120), came);
    Ok(())
}

/// The end of what a client sends is not the end of what it reads.
pub fn a_client_that_sends_no_more_still_gets_its_answers(target: &Target) -> Verdict {
    let server = start(target, &[]);
    let mut raw = Raw::open(&server);
    let half = &request(3, VIEW)[..20];
    raw.send(&[request(1, VIEW), request(2, Ask::Reserve { show: 3, seats: 1 })].concat());
    raw.send(half);
    raw.stream.shutdown(Shutdown::Write).expect("it is connected");
    let sent = "VIEW, RESERVE, half a request, and the end";
    raw.expect(sent, Status::Ok, 1);
    raw.expect(sent, Status::Ok, 2);
    raw.expect_close(sent);
    Ok(())
}

/// The kernel asks a silent peer, if the server has told it to.
pub fn a_silent_peer_is_asked_whether_it_is_still_there(target: &Target) -> Verdict {
    let server = start(target, &[]);
    let mut raw = Raw::open(&server);
    raw.send(&request(1, VIEW));
    raw.expect("VIEW", Status::Ok, 1);
    let address = address::of(&server.dir());
    let port = address.rsplit_once(':').expect("an address has a port").1;
    let has_timer = || {
        let filter = format!("sport = :{port}");
        let ss = Command::new("ss").args(["-Htno", &filter]).output();
        let text = ss.expect("iproute2 is installed").stdout;
        String::from_utf8_lossy(&text).contains("timer:(keepalive")
    };
    wait::until_true("a keepalive timer in `ss -to`", SOON, has_timer);
    Ok(())
}
