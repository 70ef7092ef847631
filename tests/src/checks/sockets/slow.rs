//! Clients that are slow, silent or never read: each costs only itself.

use std::io::{ErrorKind, Write};
use std::time::{Duration, Instant};

use common::client::ask::Ask;
use common::protocol::reply::Status;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::raw::{Next, Raw, SOON, request, sockets, start};
use crate::checks::asked::{reserve, view};
use crate::checks::check::{Check, Verdict};
use crate::evidence::{fail, holds, same};
use crate::server::Server;
use crate::target::Target;
use crate::wait;
use crate::wire::is_closed;

/// What a request may take, and what a loaded machine may add.
const DEADLINE: Duration = Duration::from_secs(5);
const LATE: Duration = Duration::from_secs(2);
/// Clocks of two processes may differ by so much.
const SLACK: Duration = Duration::from_millis(100);

/// The checks of this file.
pub const CHECKS: &[Check] = &[
    check!(
        P7,
        one_byte_a_second_does_not_outlive_the_deadline,
        "Has a request 5 s for all its bytes together, however they drip?",
        "another server may have another deadline"
    ),
    check!(
        P7,
        a_flood_that_is_never_read_ends_in_time_and_delays_nobody,
        "Is a client that sends without end and never reads cut off after 5 s?",
        "another server may have another deadline"
    ),
    check!(
        P7,
        a_thousand_idle_connections_do_not_slow_one_that_asks,
        "Is a client served at once while 1000 others are connected and silent?",
        "another server has no --max-connections"
    ),
    check!(
        P7,
        an_idle_connection_is_closed_and_the_client_makes_another,
        "Is a connection closed that is silent for longer than --idle-timeout?",
        "another server has no --idle-timeout"
    ),
];

/// Asks until `is_over`; the answers may not take long, but for a few that a busy machine delays.
fn assert_served_until(server: &Server, meanwhile: &str, mut is_over: impl FnMut() -> bool) {
    let mut client = server.client();
    let mut took = Vec::new();
    while !is_over() {
        let before = Instant::now();
        client.view(1);
        took.push(before.elapsed());
    }
    took.sort_unstable();
    let typical = took[took.len() * 9 / 10];
    let sent = format!("VIEW after VIEW, {meanwhile}");
    let expected = "9 of 10 answers within 0.1 s";
    holds(typical < Duration::from_millis(100), sent, expected, format!("{typical:?}"));
}

/// Fails unless the deadline has just passed.
fn assert_at_the_deadline(took: Duration, sent: &str) {
    let fits = took + SLACK >= DEADLINE && took < DEADLINE + LATE;
    holds(fits, sent, "an end after 5 to 7 s", format!("it took {took:?}"));
}

/// A deadline is for the whole request, not for each read.
pub fn one_byte_a_second_does_not_outlive_the_deadline(target: &Target) -> Verdict {
    let server = start(target, &[]);
    let mut raw = Raw::open(&server);
    let bytes = request(8, Ask::Reserve { show: 3, seats: 1 });
    let sent = "RESERVE, of which one byte is sent each second";
    // A client and a nonce, so that the answer can be told.
    raw.send(&bytes[..18]);
    let before = Instant::now();
    for byte in &bytes[18..] {
        match raw.next(Duration::from_secs(1)) {
            Next::Nothing if before.elapsed() > DEADLINE + LATE => break,
            Next::Nothing => raw.send(&[*byte]),
            Next::Reply(reply) => {
                let came = (reply.status(), reply.nonce.get());
                same(format!("{sent}: status, nonce"), (Some(Status::BadRequest), 8), came);
                break;
            }
            other => fail(sent, "BAD_REQUEST, then a close", format!("{other:?}")),
        }
    }
    assert_at_the_deadline(before.elapsed(), sent);
    raw.expect_close(sent);
    view(&mut server.client(), 3, 120);
    Ok(())
}

/// Whoever never reads is cut off, and nobody else waits for that.
pub fn a_flood_that_is_never_read_ends_in_time_and_delays_nobody(target: &Target) -> Verdict {
    let server = start(target, &[]);
    let at_rest = sockets(&server);
    let mut raw = Raw::open(&server);
    raw.stream.set_nonblocking(true).expect("it is connected");
    let before = Instant::now();
    let lists = request(1, Ask::List).repeat(64);
    let is_over = || match raw.stream.write(&lists) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => before.elapsed() > DEADLINE + LATE,
        Err(error) => is_closed(&error),
        Ok(_) => before.elapsed() > DEADLINE + LATE,
    };
    let sent = "LISTs without end on a connection that is never read";
    assert_served_until(&server, &format!("beside {sent}"), is_over);
    assert_at_the_deadline(before.elapsed(), sent);
    let is_gone = || sockets(&server) == at_rest;
    wait::until_true("the flooder's connection is gone", SOON, is_gone);
    Ok(())
}

/// A connection that asks nothing costs nobody time.
pub fn a_thousand_idle_connections_do_not_slow_one_that_asks(target: &Target) -> Verdict {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("it can be asked");
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).expect("up to the hard limit");
    let server = start(target, &["--max-connections", "1100"]);
    let at_rest = sockets(&server);
    let idle: Vec<Raw> = (0..1000).map(|_| Raw::open(&server)).collect();
    let is_whole = || sockets(&server) == at_rest + idle.len();
    wait::until_true("1000 connections", SOON, is_whole);
    let mut left = 300;
    assert_served_until(&server, "beside 1000 silent connections", || {
        left -= 1;
        left == 0
    });
    reserve(&mut server.client(), 3, 2, (Status::Ok, 118));
    Ok(())
}

/// A silent connection is closed, and its client does not mind.
pub fn an_idle_connection_is_closed_and_the_client_makes_another(target: &Target) -> Verdict {
    let server = start(target, &["--idle-timeout", "0.7"]);
    let at_rest = sockets(&server);
    let mut client = server.client();
    reserve(&mut client, 3, 1, (Status::Ok, 119));
    let mut raw = Raw::open(&server);
    let before = Instant::now();
    let sent = "nothing, with --idle-timeout 0.7";
    raw.expect_close(sent);
    let took = before.elapsed();
    let fits = took >= Duration::from_millis(600) && took < LATE;
    holds(fits, sent, "a close after 0.6 to 2 s", format!("{took:?}"));
    // The client's own connection is closed too; it looks, because it has been silent for long.
    wait::until_true("both are closed", SOON, || sockets(&server) == at_rest);
    reserve(&mut client, 3, 1, (Status::Ok, 118));
    same("RESERVE twice: the seats left on disk", 118, server.table_on_disk().rows[2].seats.get());
    Ok(())
}
