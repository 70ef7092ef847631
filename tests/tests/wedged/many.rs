//! Very many clients: 1500 at once, thousands that are killed before their answer comes, and
//! connections whose other end has gone silent.

use std::process::Command;
use std::sync::{Arc, Barrier};
use std::thread::Builder;
use std::time::{Duration, Instant};

use common::client::ask::Ask;
use common::protocol::reply::Status;
use harness::attack::Attack;
use harness::attack::attacker::Attacker;
use harness::client::{CLIENT_TIMEOUT, Client};
use harness::effort::Effort;
use harness::machine::network::{Machine, Network};
use harness::say::say;
use harness::server::Server;
use harness::stage::{ALL, Mechanism, Stage, is_ours, program};
use harness::{address, wait};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use q2_msgqueue::channel::Channel;

use crate::alone;
use crate::honest::{Honest, table};

/// The stacks of the clients' threads: they do little.
const STACK_SIZE: usize = 128 * 1024;

/// Clients' sockets and FIFOs are this process's.
fn raise_descriptors() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
}

#[test]
fn fifteen_hundred_clients_at_once_are_all_answered() {
    const CLIENTS: usize = 1500;
    let _turn = alone();
    raise_descriptors();
    for stage in ALL {
        let mut options = vec!["--durability", "process"];
        if stage.mechanism().has_address()
            && is_ours("a limit of connections that is not the default")
        {
            options.extend(["--max-connections", "1600"]);
        }
        let server = Server::start_with(stage, &table(), &options);
        let (dir, barrier) = (server.dir(), Arc::new(Barrier::new(CLIENTS)));
        let start = Instant::now();
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let (dir, barrier) = (dir.clone(), barrier.clone());
                let life = move || {
                    let mut client = Client::open(stage, &dir, CLIENT_TIMEOUT).unwrap();
                    barrier.wait();
                    let ask = match number % 3 {
                        0 => Ask::List,
                        1 => Ask::View { show: 1 },
                        _ => Ask::Reserve { show: 1, seats: 1 },
                    };
                    client.ask(ask).unwrap().status()
                };
                Builder::new().stack_size(STACK_SIZE).spawn(life).unwrap()
            })
            .collect();
        let told: Vec<Option<Status>> =
            clients.into_iter().map(|client| client.join().unwrap()).collect();
        // A client that is told to come again later was not forgotten.
        let served = told.iter().filter(|&&status| status == Some(Status::Ok)).count();
        let busy = told.iter().filter(|&&status| status == Some(Status::Busy)).count();
        let took = start.elapsed();
        assert_eq!((served, busy), (CLIENTS, 0), "{} in {took:?}", stage.package());
        assert_eq!(server.client().view(1), 100_000_000 - CLIENTS as i32 / 3);
    }
}

/// Kills clients beside a live load: 99 of 100 answers to the live take 50 ms at most, on a quiet
/// machine.
fn kill_many(stage: Stage, count: u64) {
    let server = Server::start_with(stage, &table(), &["--durability", "process"]);
    let before = Honest::measure(&server, Duration::from_millis(300)).unwrap();
    let (honest, start) = (Honest::start(&server), Instant::now());
    let mut attacker = Attacker::start(&server, Attack::Die, count, 0);
    assert!(attacker.has_sent(Duration::from_secs(600)), "the clients do not die");
    let took = start.elapsed();
    let during = honest.finish().unwrap();
    if stage.mechanism() == Mechanism::Queues {
        // The last of them died just now; its answer is looked for every 250 ms.
        let channel = Channel::open(&server.dir()).unwrap();
        let is_empty = || channel.replies.load().unwrap().messages == 0;
        let limit = Effort::asked().of(10, 10, 1);
        wait::until_true("an empty reply queue", Duration::from_secs(limit), is_empty);
    }
    say(&format!(
        "proof wedged: {}, {count} clients killed in {took:.1?}: before {before}; during {during}",
        stage.package()
    ));
    let limit = Effort::asked().of(before.p99 * 20, before.p99 * 20, Duration::ZERO);
    let limit = limit.max(Duration::from_millis(Effort::asked().of(2500, 2500, 50)));
    assert!(during.p99 <= limit, "{limit:?} at most for {}: {during}", stage.package());
}

#[test]
fn thousands_of_clients_killed_before_their_answer_delay_nobody() {
    let _turn = alone();
    let count = Effort::asked().of(100, 1000, 10_000);
    ALL.into_iter().for_each(|stage| kill_many(stage, count));
}

#[test]
fn connections_whose_other_end_has_gone_silent_keep_nobody_out() {
    let name = "connections_whose_other_end_has_gone_silent_keep_nobody_out";
    let _turn = alone();
    let Some(network) = Network::new(name).map(Arc::new) else { return };
    raise_descriptors();
    network.enter(Machine::Server);
    for stage in ALL.into_iter().filter(|stage| stage.mechanism().has_address()) {
        let mut options = vec!["--durability", "process", "--listen", "10.77.0.1:0"];
        if is_ours("a limit of connections that all stages have") {
            options.extend(["--max-connections", "1024"]);
        }
        let mut server = Server::prepare(stage, &options);
        server.write_data_file(zerocopy::IntoBytes::as_bytes(&table()));
        if stage == Stage::Q7Tls {
            let mut certify = Command::new(program("q7-tls-certify"));
            certify.arg(server.dir().join("tls")).args(["--host", "10.77.0.1"]);
            assert!(certify.status().unwrap().success());
        }
        server.launch();
        let to = address::of(&server.dir());
        let before = Honest::measure(&server, Duration::from_millis(300)).unwrap();
        // More than the 1024 that there is room for.
        let open = || (0..1100).map(|_| std::net::TcpStream::connect(&to).unwrap()).collect();
        let far: Vec<std::net::TcpStream> = std::thread::scope(|scope| {
            let there = || {
                network.enter(Machine::Client);
                open()
            };
            scope.spawn(there).join().unwrap()
        });
        network.cut();
        // Those that have been idle for a second make room.
        wait::pause(Duration::from_millis(1100));
        let during = Honest::measure(&server, Duration::from_millis(500)).unwrap();
        say(&format!(
            "proof wedged: {}, 1100 half-open connections: before {before}; during {during}",
            stage.package()
        ));
        let (times, least) = Effort::asked().of((20, 1000), (20, 1000), (3, 1));
        let limit = (before.p99 * times).max(Duration::from_millis(least));
        assert!(during.p99 <= limit, "{limit:?} at most: {during}");
        drop(far);
        network.restore();
    }
}
