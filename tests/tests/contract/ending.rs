//! Stops, crashes and rivals: a stop leaves nothing behind, a crash loses nothing, two servers
//! never share a DIR.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use common::ask::{Ask, Unanswered};
use common::reply::Status;
use common::shows;
use harness::client::{CLIENT_TIMEOUT, Client};
use harness::processes;
use harness::server::Server;
use harness::stage::{Stage, is_ours};
use harness::wait;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use rstest::rstest;
use rstest_reuse::apply;
use zerocopy::little_endian::I32;

use crate::every_stage;

const SEATS: i32 = 1_000_000;

/// What a client of a server that ends under it has seen of show 1.
#[derive(Debug, Default)]
struct Seen {
    acknowledged: i32,
    unknown: i32,
}

fn start(stage: Stage) -> Server {
    let mut table = shows::sample();
    table.rows[0].seats = I32::new(SEATS);
    Server::start_with(stage, &table, &[])
}

/// Clients at work, and whether they are to end.
struct Load(Vec<JoinHandle<Seen>>, Arc<AtomicBool>);

/// Clients that reserve seat after seat until the server is gone; when this returns they are there.
fn load(server: &Server, clients: usize) -> Load {
    let (all_open, over) = (Arc::new(Barrier::new(clients + 1)), Arc::<AtomicBool>::default());
    let start = |_| {
        let (stage, dir) = (server.stage(), server.dir());
        let (all_open, over) = (all_open.clone(), over.clone());
        std::thread::spawn(move || {
            let client = Client::open(stage, &dir, CLIENT_TIMEOUT);
            all_open.wait();
            reserve_until_the_end(client.unwrap(), &over)
        })
    };
    let clients = (0..clients).map(start).collect();
    all_open.wait();
    Load(clients, over)
}

impl Load {
    /// Waits for the clients: one that had no request under way may have found the next server.
    fn end(self) -> Vec<Seen> {
        self.1.store(true, Ordering::Relaxed);
        self.0.into_iter().map(|client| client.join().unwrap()).collect()
    }
}

fn reserve_until_the_end(mut client: Client, over: &AtomicBool) -> Seen {
    let mut seen = Seen::default();
    while !over.load(Ordering::Relaxed) {
        match client.ask(Ask::Reserve { show: 1, seats: 1 }) {
            Ok(reply) if reply.status() == Some(Status::Ok) => seen.acknowledged += 1,
            Ok(reply) => {
                assert_eq!(reply.status(), Some(Status::Unavailable));
                return seen;
            }
            Err(Unanswered::NotSent(_)) => return seen,
            Err(Unanswered::Unknown(_)) => {
                seen.unknown += 1;
                return seen;
            }
        }
    }
    seen
}

fn wait_for_some(server: &Server) {
    let mut client = server.client();
    wait::until_true("100 reservations", CLIENT_TIMEOUT, || client.view(1) < SEATS - 100);
}

/// Compares what clients have seen with what was sold: nothing acknowledged is lost, nothing is
/// sold twice.
fn assert_kept(seen: &[Seen], sold: i32) {
    let acknowledged: i32 = seen.iter().map(|seen| seen.acknowledged).sum();
    let unknown: i32 = seen.iter().map(|seen| seen.unknown).sum();
    let possible = acknowledged..=acknowledged + unknown;
    assert!(
        possible.contains(&sold),
        "{sold} sold, {acknowledged} acknowledged, {unknown} unknown"
    );
}

#[apply(every_stage)]
fn a_stop_under_load_is_prompt_and_leaves_nothing_behind(stage: Stage) {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut server = start(stage);
        let clients = load(&server, 16);
        wait_for_some(&server);
        let group = server.pid();
        let before = Instant::now();
        server.signal(signal);
        let status = server.wait(Duration::from_secs(10));
        let took = before.elapsed();
        assert!(status.success(), "{signal}: {status}; it logged:\n{}", server.last_words());
        assert!(took < Duration::from_secs(2), "{signal}: the stop took {took:?}");
        server.assert_nothing_left(group);
        assert_kept(&clients.end(), SEATS - server.table_on_disk().rows[0].seats.get());
    }
}

#[apply(every_stage)]
fn an_idle_stop_is_prompt_even_with_a_client_at_its_menu(stage: Stage) {
    let mut server = Server::start(stage);
    let _at_the_menu = server.client();
    let before = Instant::now();
    server.stop();
    assert!(before.elapsed() < Duration::from_secs(1), "the stop took {:?}", before.elapsed());
}

#[apply(every_stage)]
fn ctrl_c_reaches_the_whole_group_and_stops_it_well(stage: Stage) {
    let mut server = Server::start(stage);
    let group = server.pid();
    killpg(Pid::from_raw(group), Signal::SIGINT).unwrap();
    let status = server.wait(Duration::from_secs(10));
    assert!(status.success(), "{status}; it logged:\n{}", server.last_words());
    server.assert_nothing_left(group);
}

#[apply(every_stage)]
fn after_a_kill_every_acknowledged_seat_is_there_and_the_leftovers_go(stage: Stage) {
    let mut server = start(stage);
    for _ in 0..5 {
        let before = server.table_on_disk().rows[0].seats.get();
        let clients = load(&server, 8);
        let mut client = server.client();
        wait::until_true("50 reservations", CLIENT_TIMEOUT, || client.view(1) < before - 50);
        drop(client);
        server.crash();
        server.launch();
        let seen = clients.end();
        assert_kept(&seen, before - server.client().view(1));
    }
    server.stop();
}

#[apply(every_stage)]
fn a_server_that_loses_a_part_of_itself_ends_with_an_error(stage: Stage) {
    let ends = stage.processes() > 1 && !stage.restarts_workers();
    if !ends || !is_ours("a_server_that_loses_a_part_of_itself_ends_with_an_error") {
        return;
    }
    for victim in 1..stage.processes() {
        let mut server = Server::start(stage);
        let group = server.pid();
        let workers: Vec<i32> =
            server.threads().iter().map(|thread| thread.pid).filter(|&pid| pid != group).collect();
        let pid = Pid::from_raw(workers[victim - 1]);
        kill(pid, Signal::SIGKILL).unwrap();
        let status = server.wait(Duration::from_secs(3));
        assert_eq!(status.code(), Some(2));
        assert!(server.log().contains("was killed by SIGKILL"), "{}", server.log());
        server.assert_nothing_left(group);
    }
}

#[apply(every_stage)]
fn a_client_that_waits_learns_soon_that_the_server_is_dead(stage: Stage) {
    if !is_ours("a_client_that_waits_learns_soon_that_the_server_is_dead") {
        return;
    }
    let mut server = Server::start(stage);
    let mut client = server.client();
    let group = Pid::from_raw(server.pid());
    processes::freeze(server.pid());
    let killer = std::thread::spawn(move || {
        kill(group, Signal::SIGKILL).unwrap();
    });
    let before = Instant::now();
    let unanswered = client.ask(Ask::Reserve { show: 1, seats: 1 }).unwrap_err();
    assert!(before.elapsed() < Duration::from_secs(5), "it took {:?}", before.elapsed());
    assert!(matches!(unanswered, Unanswered::Unknown(_) | Unanswered::NotSent(_)), "{unanswered}");
    killer.join().unwrap();
    server.crash();
    server.launch();
}

#[apply(every_stage)]
fn a_second_server_is_refused_and_harms_nobody(stage: Stage) {
    if !is_ours("a_second_server_is_refused_and_harms_nobody") {
        return;
    }
    let server = Server::start(stage);
    let rival = server.rival();
    let error = String::from_utf8_lossy(&rival.stderr).into_owned();
    assert_eq!((rival.status.code(), rival.stdout.as_slice()), (Some(2), &b""[..]), "{error}");
    let expected = format!("{}, process {}, runs in", stage.package(), server.pid());
    assert!(error.contains(&expected), "{error}");
    assert_eq!(server.client().reserve(1, 1), (Status::Ok, 199));
}

#[apply(every_stage)]
fn a_server_waits_for_the_last_processes_of_a_killed_one(stage: Stage) {
    if !is_ours("a_server_waits_for_the_last_processes_of_a_killed_one") {
        return;
    }
    let mut server = Server::start(stage);
    for _ in 0..20 {
        let group = server.pid();
        server.crash();
        server.launch();
        assert_eq!(processes::of_group(group), []);
    }
}

#[rstest]
#[case::q1_pipes(Stage::Q1Pipes)]
#[case::q2_msgqueue(Stage::Q2Msgqueue)]
fn a_stopped_worker_is_killed_and_the_stop_says_so(#[case] stage: Stage) {
    if !is_ours("a_stopped_worker_is_killed_and_the_stop_says_so") {
        return;
    }
    let mut server = Server::start(stage);
    let group = server.pid();
    let worker =
        server.threads().iter().map(|thread| thread.pid).find(|&pid| pid != group).unwrap();
    kill(Pid::from_raw(worker), Signal::SIGSTOP).unwrap();
    let before = Instant::now();
    server.signal(Signal::SIGTERM);
    let status = server.wait(Duration::from_secs(10));
    assert!(before.elapsed() < Duration::from_millis(2500), "it took {:?}", before.elapsed());
    assert_eq!(status.code(), Some(2));
    assert!(
        server.log().contains(&format!("process {worker} did not stop in time")),
        "{}",
        server.log()
    );
    server.assert_nothing_left(group);
}
