//! Clients that are slow, silent or never read: each costs only itself.

use std::io::{ErrorKind, Write};
use std::time::{Duration, Instant};

use common::ask::Ask;
use common::reply::Status;
use common::shows;
use harness::server::Server;
use harness::wait;
use harness::wire::is_closed;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::raw::{Next, Raw, SOON, request, start};

/// What a request may take, and what a loaded machine may add.
const DEADLINE: Duration = Duration::from_secs(5);
const LATE: Duration = Duration::from_secs(2);

/// Asks until `is_over`; the answers may not take long, but for a few that a busy machine delays.
fn assert_served_until(server: &Server, mut is_over: impl FnMut() -> bool) {
    let mut client = server.client();
    let mut took = Vec::new();
    while !is_over() {
        let before = Instant::now();
        client.view(1);
        took.push(before.elapsed());
    }
    took.sort_unstable();
    let typical = took[took.len() * 9 / 10];
    assert!(typical < Duration::from_millis(100), "9 of 10 answers took up to {typical:?}");
}

#[test]
fn one_byte_a_second_does_not_outlive_the_deadline() {
    let server = start(&[]);
    let mut raw = Raw::open(&server);
    let bytes = request(8, Ask::Reserve { show: 3, seats: 1 });
    // A client and a nonce, so that the answer can be told.
    raw.send(&bytes[..18]);
    let before = Instant::now();
    for byte in &bytes[18..] {
        match raw.next(Duration::from_secs(1)) {
            Next::Nothing => raw.send(&[*byte]),
            Next::Reply(reply) => {
                assert_eq!((reply.status(), reply.nonce.get()), (Some(Status::BadRequest), 8));
                break;
            }
            Next::Closed => panic!("closed without a word"),
        }
    }
    let took = before.elapsed();
    let slack = Duration::from_millis(100);
    assert!(took + slack >= DEADLINE && took < DEADLINE + LATE, "it took {took:?}");
    assert_eq!(raw.next(SOON), Next::Closed);
    assert_eq!(server.client().view(3), 120);
}

#[test]
fn a_flood_that_is_never_read_ends_in_time_and_delays_nobody() {
    let server = start(&[]);
    let mut raw = Raw::open(&server);
    raw.stream.set_nonblocking(true).unwrap();
    let before = Instant::now();
    let lists = request(1, Ask::List).repeat(64);
    let is_over = || match raw.stream.write(&lists) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => before.elapsed() > DEADLINE + LATE,
        Err(error) => is_closed(&error),
        Ok(_) => false,
    };
    assert_served_until(&server, is_over);
    let took = before.elapsed();
    let slack = Duration::from_millis(100);
    assert!(took + slack >= DEADLINE && took < DEADLINE + LATE, "it ended after {took:?}");
    let threads = || server.threads().iter().filter(|it| it.name == "q5 connection").count() == 0;
    wait::until_true("the flooder's thread is gone", SOON, threads);
}

#[test]
fn a_thousand_idle_connections_do_not_slow_one_that_asks() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
    let server = start(&["--max-connections", "1100"]);
    let idle: Vec<Raw> = (0..1000).map(|_| Raw::open(&server)).collect();
    let count = || server.threads().iter().filter(|it| it.name == "q5 connection").count();
    wait::until_true("a thread for each", SOON, || count() == idle.len());
    let mut left = 300;
    assert_served_until(&server, || {
        left -= 1;
        left == 0
    });
    assert_eq!(server.client().reserve(3, 2), (Status::Ok, 118));
}

#[test]
fn an_idle_connection_is_closed_and_the_client_makes_another() {
    let server = start(&["--idle-timeout", "0.7"]);
    let mut client = server.client();
    assert_eq!(client.reserve(3, 1), (Status::Ok, 119));
    let mut raw = Raw::open(&server);
    let before = Instant::now();
    assert_eq!(raw.next(SOON), Next::Closed);
    let took = before.elapsed();
    assert!(took >= Duration::from_millis(600) && took < LATE, "it took {took:?}");
    // The client's own connection is closed too; it looks, because it has been silent for long.
    let no_threads = || server.threads().len() == 3;
    wait::until_true("both are closed", SOON, no_threads);
    assert_eq!(client.reserve(3, 1), (Status::Ok, 118));
    assert_eq!(server.table_on_disk().rows[2].seats, shows::sample().rows[2].seats.get() - 2);
}
