//! One thread for all: no connection takes more than its share of a turn, or of the memory.

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::time::Duration;

use common::client::ask::Ask;
use common::protocol::reply::Status;
use harness::checks::sockets::raw::{Raw, request, start};
use harness::server::Server;
use harness::stage::Stage;
use harness::strace::Strace;
use harness::strace::trace::parse;
use harness::wait;
use nix::sys::signal::Signal;

const VIEW: Ask = Ask::View { show: 1 };
/// Bytes of the requests that a turn takes from one connection at most.
const TURN_MAX: usize = 64 * 32;

#[test]
fn one_connection_that_never_pauses_gets_no_more_than_its_share_of_a_turn() {
    let name = "one_connection_that_never_pauses_gets_no_more_than_its_share_of_a_turn";
    let server = start(Stage::Q9Events, &[]);
    let (mut busy, mut other) = (Raw::open(&server), Raw::open(&server));
    busy.send(&request(1, VIEW));
    busy.expect("VIEW", Status::Ok, 1);
    let calls = ["-e", "trace=epoll_wait,recvfrom"];
    let Some(strace) = Strace::attach(name, &[server.pid()], &calls) else { return };
    server.signal(Signal::SIGSTOP);
    // All of it has arrived when the server goes on.
    busy.send(&request(2, VIEW).repeat(1000));
    other.send(&request(3, VIEW));
    server.signal(Signal::SIGCONT);
    other.expect("VIEW beside 1000 of another connection", Status::Ok, 3);
    (0..1000).for_each(|_| busy.expect("1000 VIEWs at once", Status::Ok, 2));
    let mut taken: HashMap<String, usize> = HashMap::new();
    let mut turns = 0;
    for call in parse(&strace.finish()) {
        if call.name == "epoll_wait" {
            taken.clear();
            turns += 1;
        } else if let Some((descriptor, result)) =
            call.text.split_once(',').zip(call.text.rsplit_once("= ")).map(|(a, b)| (a.0, b.1))
        {
            let bytes = taken.entry(descriptor.to_owned()).or_default();
            *bytes += result.trim().parse().unwrap_or(0);
            assert!(*bytes <= TURN_MAX, "{bytes} bytes of one connection in one turn");
        }
    }
    assert!(turns >= 1000 / 64, "{turns} turns");
}

#[test]
fn no_thread_takes_a_processor_away_when_it_wakes_up() {
    let server = start(Stage::Q9Events, &[]);
    let threads = fs::read_dir(format!("/proc/{}/task", server.pid())).unwrap();
    let policies = threads.map(|thread| {
        let stat = fs::read_to_string(thread.unwrap().path().join("stat")).unwrap();
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        // The 41st of all, see proc_pid_stat(5): the first two are the number and the name.
        fields.split(' ').nth(41 - 3).unwrap().parse().unwrap()
    });
    assert_eq!(policies.collect::<Vec<i32>>(), [libc::SCHED_BATCH; 2]);
}

/// KiB of memory that are a server's own.
fn memory(server: &Server) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn replies_that_nobody_reads_take_no_memory_without_bound() {
    let server = start(Stage::Q9Events, &[]);
    let mut all: Vec<Raw> = (0..20).map(|_| Raw::open(&server)).collect();
    let before = memory(&server);
    let lists = request(1, Ask::List).repeat(256);
    for raw in &mut all {
        raw.stream.set_nonblocking(true).unwrap();
        // Until neither side's socket takes more: 2 MiB of replies at least for each of them.
        let is_full = || (0..100).all(|_| raw.stream.write(&lists).is_err());
        wait::until_true("a connection that takes no more", Duration::from_secs(10), is_full);
    }
    let after = memory(&server);
    // 16 KiB of replies and 2 KiB of requests each, and what the allocator needs besides.
    assert!(after < before + 20 * 32 + 256, "{before} KiB before, {after} after");
}

#[test]
fn silent_connections_hold_less_than_a_kibibyte_each() {
    let server = start(Stage::Q9Events, &[]);
    let mut client = Raw::open(&server);
    client.send(&request(1, VIEW));
    client.expect("VIEW", Status::Ok, 1);
    let before = memory(&server);
    let mut all: Vec<Raw> = (0..1000).map(|_| Raw::open(&server)).collect();
    for raw in &mut all {
        raw.send(&request(2, VIEW));
        raw.expect("VIEW", Status::Ok, 2);
    }
    let after = memory(&server);
    assert!(after < before + 1000, "{before} KiB before, {after} after");
}
