//! Stops under load: no answer is lost, so no outcome is unknown.

use std::sync::Barrier;
use std::thread;

use common::client::ask::{Ask, Unanswered};
use common::protocol::reply::Status;
use harness::client::{CLIENT_TIMEOUT, trusting_trial};
use harness::effort::Effort;
use harness::server::Server;
use harness::stage::Stage;
use harness::wait;
use nix::sys::signal::Signal;
use q7_tls::client::Client;

/// Clients that reserve when the server is told to stop.
const CLIENTS: usize = 8;

/// Reserves seat after seat until the server stops: how many were acknowledged, and whether the
/// outcome of the last one is unknown.
fn reserve(mut client: Client, opened: &Barrier) -> (i32, bool) {
    opened.wait();
    let mut acknowledged = 0;
    loop {
        match client.ask(Ask::Reserve { show: 1, seats: 1 }) {
            Ok(reply) if reply.status() == Some(Status::Ok) => acknowledged += 1,
            Ok(_) | Err(Unanswered::NotSent(_)) => return (acknowledged, false),
            Err(Unanswered::Unknown(_)) => return (acknowledged, true),
        }
    }
}

#[test]
fn no_answer_is_lost_in_a_stop_under_load() {
    let rounds = Effort::asked().of(3, 60, 2000);
    let mut table = common::booking::shows::sample();
    table.rows[0].seats = 1_000_000.into();
    let options = ["--durability", "process"];
    let mut server = Server::start_with(Stage::Q7Tls, &table, &options);
    for round in 0..rounds {
        let before = server.table_on_disk().rows[0].seats.get();
        let (dir, opened) = (server.dir(), Barrier::new(CLIENTS + 1));
        let seen: Vec<(i32, bool)> = thread::scope(|scope| {
            let start = |_| {
                let client = q7_tls::client::open(&trusting_trial(&dir, CLIENT_TIMEOUT)).unwrap();
                let opened = &opened;
                scope.spawn(move || reserve(client, opened))
            };
            let clients: Vec<_> = (0..CLIENTS).map(start).collect();
            opened.wait();
            let sold = || before - server.table_on_disk().rows[0].seats.get() > 50;
            wait::until_true("a load", CLIENT_TIMEOUT, sold);
            server.signal(Signal::SIGTERM);
            clients.into_iter().map(|client| client.join().unwrap()).collect()
        });
        assert!(server.wait(CLIENT_TIMEOUT).success(), "{}", server.last_words());
        let acknowledged: i32 = seen.iter().map(|(acknowledged, _)| acknowledged).sum();
        let sold = before - server.table_on_disk().rows[0].seats.get();
        assert_eq!(
            (acknowledged, seen.iter().any(|(_, unknown)| *unknown)),
            (sold, false),
            "{round}"
        );
        server.launch();
    }
}
