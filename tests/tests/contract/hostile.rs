//! Clients that die, never read, or send garbage: they cost others nothing.

use std::time::{Duration, Instant};

use common::ask::Ask;
use common::reply::Status;
use common::request::Request;
use harness::attacker::NeverReads;
use harness::seed;
use harness::server::Server;
use harness::stage::Stage;
use harness::wire::{RequestClass, Wire};
use nix::unistd::gettid;
use rstest_reuse::apply;
use zerocopy::IntoBytes;

use crate::every_stage;

/// Generous for a loaded machine, and far below what a wedged server takes: for ever, or a time-out
/// of seconds.
const PROMPT: Duration = Duration::from_millis(500);

/// Asks a few times; the answers may not take long, but for one or two that a loaded machine
/// delays.
fn assert_served(server: &Server) {
    let mut client = server.client();
    let round = |_| {
        let before = Instant::now();
        assert_eq!(client.ask(Ask::List).unwrap().status(), Some(Status::Ok));
        assert_eq!(client.reserve(1, 1).0, Status::Ok);
        before.elapsed()
    };
    let took: Vec<Duration> = (0..10).map(round).collect();
    let slow = took.iter().filter(|&&took| took > PROMPT).count();
    assert!(slow <= 2, "{took:?}; the server logged:\n{}", server.last_words());
}

#[apply(every_stage)]
fn clients_killed_between_request_and_reply_delay_nobody(stage: Stage) {
    let server = Server::start(stage);
    for _ in 0..100 {
        drop(NeverReads::start(&server, 1));
    }
    assert_served(&server);
}

#[apply(every_stage)]
fn a_client_that_never_reads_delays_nobody(stage: Stage) {
    let server = Server::start(stage);
    // More than there is room for in any stage; in a FIFO it is 256 KiB.
    let _flooder = NeverReads::start(&server, 500);
    assert_served(&server);
}

#[apply(every_stage)]
fn many_clients_that_never_read_delay_nobody(stage: Stage) {
    let server = Server::start(stage);
    let _silent: Vec<NeverReads> = (0..40).map(|_| NeverReads::start(&server, 1)).collect();
    assert_served(&server);
}

#[apply(every_stage)]
fn garbage_of_every_length_is_survived(stage: Stage) {
    let server = Server::start(stage);
    let me = gettid().as_raw();
    // Each from a client of its own, since a server may close a connection that brings garbage.
    let send = |class, bytes: &[u8]| {
        Wire::open(stage, &server.dir(), me).unwrap().send(class, bytes);
    };
    let mut noise = seed::rng();
    for len in (0..200).chain([255, 256, 512, 751, 752, 753, 1000, 4095, 4096, 4097, 8191, 8192]) {
        let mut bytes = vec![0; len];
        noise.fill(&mut bytes);
        for class in [RequestClass::Consultation, RequestClass::Reservation] {
            send(class, &bytes);
            // The same, as if a client of this protocol had sent it: the magic is right and a PID
            // is claimed.
            let head = Request::new(me, 5, Ask::List);
            let known = len.min(16);
            bytes[..known].copy_from_slice(&head.as_bytes()[..known]);
            send(class, &bytes);
        }
    }
    assert_served(&server);
    assert_eq!(server.client().view(2), 150);
}

#[apply(every_stage)]
fn a_request_that_names_nobody_is_dropped_and_sells_nothing(stage: Stage) {
    let server = Server::start(stage);
    let wire = Wire::open(stage, &server.dir(), gettid().as_raw()).unwrap();
    for forged in [0, -1, i32::MIN] {
        let reserve = Request::new(forged, 3, Ask::Reserve { show: 2, seats: 1 });
        wire.send(RequestClass::Reservation, reserve.as_bytes());
        wire.send(RequestClass::Consultation, Request::new(forged, 3, Ask::List).as_bytes());
    }
    assert_served(&server);
    assert_eq!(server.client().view(2), 150);
}

#[apply(every_stage)]
fn a_forged_pid_costs_its_owner_nothing(stage: Stage) {
    let server = Server::start(stage);
    let me = gettid().as_raw();
    let mut client = server.client();
    let wire = Wire::open(stage, &server.dir(), 1).unwrap();
    for nonce in 1..=50 {
        // Somebody else asks in our name, and in that of the machine's first process.
        wire.send(
            RequestClass::Consultation,
            Request::new(me, nonce, Ask::View { show: 1 }).as_bytes(),
        );
        wire.send(RequestClass::Consultation, Request::new(1, nonce, Ask::List).as_bytes());
        assert_eq!(client.view(2), 150);
    }
}
