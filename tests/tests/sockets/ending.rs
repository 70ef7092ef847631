//! Stops: what was received is answered, whoever does not read is cut off, and the port is free at
//! once.

use std::io::Write;
use std::time::{Duration, Instant};

use common::ask::Ask;
use common::reply::{Reply, Status};
use harness::address;
use harness::strace::Strace;
use harness::wait;
use nix::sys::signal::Signal;

use crate::raw::{Next, Raw, SOON, request, start};

#[test]
fn every_acknowledgement_of_a_stopping_server_arrives() {
    for round in 1..=15 {
        let mut server = start(&[]);
        let mut raw = Raw::open(&server);
        let count = 150;
        let asked = |n| request(n, Ask::Reserve { show: 1, seats: 1 });
        raw.send(&(1..=count).flat_map(asked).collect::<Vec<u8>>());
        for n in 1..=round {
            assert_eq!(raw.told(), (Some(Status::Ok), n));
        }
        let before = Instant::now();
        server.signal(Signal::SIGTERM);
        // More is on its way: a careless close would answer it with a reset.
        for n in count + 1..count + 50 {
            if raw.stream.write_all(&asked(n)).is_err() {
                break;
            }
        }
        let mut acknowledged = round as i32;
        let last: Reply = loop {
            match raw.next(SOON) {
                Next::Reply(reply) if reply.status() == Some(Status::Ok) => acknowledged += 1,
                Next::Reply(reply) => break *reply,
                other => panic!("{other:?} before the last word"),
            }
        };
        assert_eq!((last.status(), last.nonce.get()), (Some(Status::Unavailable), 0));
        // Connections are cut after half a second, which a loaded machine may take.
        assert!(raw.is_taken() || before.elapsed() > Duration::from_millis(400));
        drop(raw);
        assert!(server.wait(SOON).success(), "{}", server.last_words());
        let left = server.table_on_disk().rows[0].seats.get();
        assert_eq!(acknowledged, 200 - left, "round {round}");
    }
}

#[test]
fn after_a_failed_sync_everyone_who_waits_in_line_is_told() {
    let name = "after_a_failed_sync_everyone_who_waits_in_line_is_told";
    let mut server = start(&[]);
    let fault = ["-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:delay_enter=300000"];
    let Some(strace) = Strace::attach(name, &[server.pid()], &fault) else { return };
    let mut waiting: Vec<Raw> = (0..10).map(|_| Raw::open(&server)).collect();
    for raw in &mut waiting {
        raw.send(&request(1, Ask::Reserve { show: 1, seats: 1 }).repeat(20));
    }
    let before = Instant::now();
    for raw in &mut waiting {
        assert_eq!(raw.told(), (Some(Status::Unavailable), 1));
    }
    assert_eq!(server.wait(SOON).code(), Some(2), "{}", server.last_words());
    assert!(!server.log().contains("did not end in time"), "{}", server.last_words());
    assert!(before.elapsed() < Duration::from_secs(2), "it took {:?}", before.elapsed());
    drop(strace);
    server.launch();
}

#[test]
fn a_stop_waits_for_nobody_who_does_not_read_or_finish() {
    let mut server = start(&[]);
    let mut unread = Raw::open(&server);
    unread.stream.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    while unread.stream.write_all(&request(1, Ask::List).repeat(64)).is_ok() {}
    let mut unfinished = Raw::open(&server);
    unfinished.send(&request(2, Ask::List)[..20]);
    let idle = Raw::open(&server);
    let before = Instant::now();
    let group = server.pid();
    server.signal(Signal::SIGTERM);
    assert!(server.wait(SOON).success(), "{}", server.last_words());
    let took = before.elapsed();
    assert!(took < Duration::from_millis(1500), "the stop took {took:?}");
    server.assert_nothing_left(group);
    drop(idle);
}

#[test]
fn a_server_starts_again_on_its_port_at_once() {
    let mut server = start(&[]);
    let before = address::of(&server.dir());
    for _ in 0..10 {
        // Connections that the server closes first are remembered by the kernel for a minute.
        assert_eq!(server.client().view(1), 200);
        let mut idle = Raw::open(&server);
        idle.send(&request(1, Ask::List));
        assert_eq!(idle.told(), (Some(Status::Ok), 1));
        server.crash();
        server.launch();
        assert_eq!(address::of(&server.dir()), before);
        assert!(matches!(idle.next(SOON), Next::Closed));
        server.stop();
        server.launch();
    }
}

#[test]
fn a_port_in_use_is_named_and_several_addresses_are_served() {
    let server = start(&["--listen", "127.0.0.1:0", "--listen", "[::1]:0"]);
    let log = server.log();
    let bound: Vec<&str> =
        log.lines().filter_map(|line| line.split_once("listening on ")).map(|it| it.1).collect();
    assert_eq!(bound.len(), 2, "{log}");
    assert_eq!(bound[0], address::of(&server.dir()), "the first is in the ready line");
    for address in &bound {
        let mut client = q5_sockets::client::Client::open(address, SOON).unwrap();
        assert_eq!(client.ask(Ask::View { show: 1 }).unwrap().seats, 200);
    }
    let rival = harness::server::Server::prepare(
        harness::stage::Stage::Q5Sockets,
        &["--listen", "127.0.0.1:0", "--listen", bound[0]],
    );
    let output = rival.rival();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    let expected = format!("server: cannot listen on {}: Address already in use", bound[0]);
    assert!(error.contains(&expected) && output.status.code() == Some(2), "{error}");
    assert!(!log.contains("other machines can connect"), "{log}");
    wait::until_true("nothing is left", SOON, || rival.log().is_empty());
}
