//! Stops, crashes and rivals: a stop leaves nothing behind, a crash loses nothing, two servers
//! never share a DIR.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use common::ask::{Ask, Unanswered};
use common::reply::Status;
use common::shows;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use zerocopy::little_endian::I32;

use crate::checks::asked::reserve;
use crate::checks::check::{Check, Skipped, Verdict};
use crate::client::{CLIENT_TIMEOUT, Client};
use crate::evidence::{fail, holds, same};
use crate::processes;
use crate::server::Server;
use crate::target::Target;
use crate::wait;

const SEATS: i32 = 1_000_000;

/// The checks of this file.
pub const CHECKS: &[Check] = &[
    check!(
        P8,
        a_stop_under_load_is_prompt_and_leaves_nothing_behind,
        "Does a stop end in 2 s while 16 clients ask, leave nothing, and lose no acknowledged seat?"
    ),
    check!(
        P8,
        an_idle_stop_is_prompt_even_with_a_client_at_its_menu,
        "Does a client that is there and asks nothing keep the server from ending?"
    ),
    check!(
        P8,
        ctrl_c_reaches_the_whole_group_and_stops_it_well,
        "Does Ctrl-C, which every process of the server gets, end it with status 0?"
    ),
    check!(
        P1,
        after_a_kill_every_acknowledged_seat_is_there_and_the_leftovers_go,
        "Are all acknowledged seats there after SIGKILL and a start?"
    ),
    check!(
        P8,
        a_server_that_loses_a_part_of_itself_ends_with_an_error,
        "Does the server end with an error when one of its workers is killed?",
        "nobody knows which processes another server can lose"
    ),
    check!(
        P8,
        a_client_that_waits_learns_soon_that_the_server_is_dead,
        "Is a client told when the server dies while it waits?",
        "it judges how the client and the server of one stage go together"
    ),
    check!(
        P9,
        a_second_server_is_refused_and_harms_nobody,
        "Does a second server on the same DIR say who holds it, and end?",
        "another server has no lock file that names it"
    ),
    check!(
        P9,
        a_server_waits_for_the_last_processes_of_a_killed_one,
        "Does a start wait until the workers of a killed server are gone?",
        "another server need not hold a lock in each of its processes"
    ),
    check!(
        P8,
        a_stopped_worker_is_killed_and_the_stop_says_so,
        "Does a stop kill a worker that SIGSTOP holds, and say so?",
        "nobody knows which processes of another server are workers"
    ),
];

/// What a client of a server that ends under it has seen of show 1.
#[derive(Debug, Default)]
struct Seen {
    acknowledged: i32,
    unknown: i32,
}

fn start(target: &Target) -> Server {
    let mut table = shows::sample();
    table.rows[0].seats = I32::new(SEATS);
    Server::start_with(target, &table, &[])
}

/// Clients at work, and whether they are to end.
struct Load(Vec<JoinHandle<Seen>>, Arc<AtomicBool>);

/// Clients that reserve seat after seat until the server is gone; when this returns they are there.
fn load(server: &Server, clients: usize) -> Load {
    let (all_open, over) = (Arc::new(Barrier::new(clients + 1)), Arc::<AtomicBool>::default());
    let start = |_| {
        let (stage, dir) = (server.stage(), server.dir());
        let (all_open, over) = (all_open.clone(), over.clone());
        thread::spawn(move || {
            let client = Client::open(stage, &dir, CLIENT_TIMEOUT);
            all_open.wait();
            reserve_until_the_end(client.expect("the server is there"), &over)
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
        let end = |client: JoinHandle<Seen>| client.join().unwrap_or_else(|it| resume_unwind(it));
        self.0.into_iter().map(end).collect()
    }
}

fn reserve_until_the_end(mut client: Client, over: &AtomicBool) -> Seen {
    let mut seen = Seen::default();
    while !over.load(Ordering::Relaxed) {
        match client.ask(Ask::Reserve { show: 1, seats: 1 }) {
            Ok(reply) if reply.status() == Some(Status::Ok) => seen.acknowledged += 1,
            Ok(reply) => {
                let sent = "RESERVE of 1 of a million seats, as the server ends";
                same(sent, Some(Status::Unavailable), reply.status());
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

/// Waits until so many seats of show 1 are sold.
fn wait_for_sales(server: &Server, seats: i32) {
    let mut client = server.client();
    let before = client.view(1);
    wait::until_true("reservations", CLIENT_TIMEOUT, || client.view(1) <= before - seats);
}

/// Compares what clients have seen with what was sold: nothing acknowledged is lost, nothing is
/// sold twice.
fn assert_kept(seen: &[Seen], sold: i32) {
    let acknowledged: i32 = seen.iter().map(|seen| seen.acknowledged).sum();
    let unknown: i32 = seen.iter().map(|seen| seen.unknown).sum();
    let sent = format!("RESERVEs of 1 seat: {acknowledged} acknowledged, {unknown} unknown");
    let expected = "as many seats sold as acknowledged, and no more than with the unknown ones";
    let is_kept = (acknowledged..=acknowledged + unknown).contains(&sold);
    holds(is_kept, sent, expected, format!("{sold} sold"));
}

/// Waits for the end after a signal, which should be one with status 0.
fn assert_ends_well(server: &mut Server, sent: &str) {
    let status = server.wait(Duration::from_secs(10));
    let came = || format!("{status}; it logged:\n{}", server.last_words());
    if !status.success() {
        fail(sent, "exit status 0", came());
    }
}

/// A stop waits for nobody and loses nothing.
pub fn a_stop_under_load_is_prompt_and_leaves_nothing_behind(target: &Target) -> Verdict {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut server = start(target);
        let clients = load(&server, 16);
        wait_for_sales(&server, 100);
        let group = server.pid();
        let before = Instant::now();
        server.signal(signal);
        let sent = format!("{signal} while 16 clients reserve");
        assert_ends_well(&mut server, &sent);
        let took = before.elapsed();
        holds(took < Duration::from_secs(2), sent, "an end within 2 s", format!("{took:?}"));
        server.assert_nothing_left(group);
        assert_kept(&clients.end(), SEATS - server.table_on_disk().rows[0].seats.get());
    }
    Ok(())
}

/// A client that asks nothing holds nobody up.
pub fn an_idle_stop_is_prompt_even_with_a_client_at_its_menu(target: &Target) -> Verdict {
    let mut server = Server::start(target);
    let _at_the_menu = server.client();
    let before = Instant::now();
    server.stop();
    let took = before.elapsed();
    let sent = "SIGTERM while a client is open and asks nothing";
    holds(took < Duration::from_secs(1), sent, "an end within 1 s", format!("{took:?}"));
    Ok(())
}

/// A terminal's Ctrl-C goes to every process at once.
pub fn ctrl_c_reaches_the_whole_group_and_stops_it_well(target: &Target) -> Verdict {
    let mut server = Server::start(target);
    let group = server.pid();
    killpg(Pid::from_raw(group), Signal::SIGINT).expect("the server runs");
    assert_ends_well(&mut server, "SIGINT to all processes of the server");
    server.assert_nothing_left(group);
    Ok(())
}

/// A crash under load takes nothing that was acknowledged.
pub fn after_a_kill_every_acknowledged_seat_is_there_and_the_leftovers_go(
    target: &Target,
) -> Verdict {
    let mut server = start(target);
    for _ in 0..5 {
        let before = server.table_on_disk().rows[0].seats.get();
        let clients = load(&server, 8);
        wait_for_sales(&server, 50);
        server.crash();
        server.launch();
        let seen = clients.end();
        assert_kept(&seen, before - server.client().view(1));
    }
    server.stop();
    Ok(())
}

/// No server is half alive.
pub fn a_server_that_loses_a_part_of_itself_ends_with_an_error(target: &Target) -> Verdict {
    let stage = target.stage();
    if stage.processes() == 1 || stage.restarts_workers() {
        return Err(Skipped::LeftOut("it has one process, or starts its workers again"));
    }
    for victim in 1..stage.processes() {
        let mut server = Server::start(target);
        let group = server.pid();
        let mut workers = server.threads();
        workers.retain(|thread| thread.pid != group);
        let worker = &workers[victim - 1];
        kill(Pid::from_raw(worker.pid), Signal::SIGKILL).expect("the worker runs");
        let status = server.wait(Duration::from_secs(3));
        let sent = format!("SIGKILL to the worker {}", worker.name);
        same(format!("{sent}: exit status"), Some(2), status.code());
        let is_said = server.log().contains("was killed by SIGKILL");
        holds(is_said, sent, "a word of it in the log", server.last_words());
        server.assert_nothing_left(group);
    }
    Ok(())
}

/// Nobody waits for a dead server until a time-out.
pub fn a_client_that_waits_learns_soon_that_the_server_is_dead(target: &Target) -> Verdict {
    let mut server = Server::start(target);
    let mut client = server.client();
    let group = Pid::from_raw(server.pid());
    processes::freeze(server.pid());
    let killer = thread::spawn(move || kill(group, Signal::SIGKILL));
    let before = Instant::now();
    let sent = "RESERVE to a server that is killed before it answers";
    if let Ok(reply) = client.ask(Ask::Reserve { show: 1, seats: 1 }) {
        fail(sent, "no answer", format!("{reply:?}"));
    }
    let took = before.elapsed();
    holds(took < Duration::from_secs(5), sent, "an end of the wait in 5 s", format!("{took:?}"));
    killer.join().expect("it does not panic").expect("the server runs");
    server.crash();
    server.launch();
    Ok(())
}

/// DIR has one server.
pub fn a_second_server_is_refused_and_harms_nobody(target: &Target) -> Verdict {
    let server = Server::start(target);
    let rival = server.rival();
    let error = String::from_utf8_lossy(&rival.stderr).into_owned();
    let holder = format!("{}, process {}, runs in", target.stage().package(), server.pid());
    let is_refused = rival.status.code() == Some(2) && rival.stdout.is_empty();
    let expected = format!("exit status 2, and `{holder}`");
    let came = format!("{}: {error}", rival.status);
    holds(is_refused && error.contains(&holder), "a second start on the same DIR", expected, came);
    reserve(&mut server.client(), 1, 1, (Status::Ok, 199));
    Ok(())
}

/// Two writers never overlap.
pub fn a_server_waits_for_the_last_processes_of_a_killed_one(target: &Target) -> Verdict {
    let mut server = Server::start(target);
    for _ in 0..20 {
        let group = server.pid();
        server.crash();
        server.launch();
        let left = processes::of_group(group);
        let sent = "SIGKILL to the server, and a start";
        same(format!("{sent}: processes of the old one"), [].as_slice(), left.as_slice());
    }
    Ok(())
}

/// SIGSTOP does not make a server immortal.
pub fn a_stopped_worker_is_killed_and_the_stop_says_so(target: &Target) -> Verdict {
    let stage = target.stage();
    if stage.processes() == 1 || stage.restarts_workers() {
        return Err(Skipped::LeftOut("it has no worker processes that it stops itself"));
    }
    let mut server = Server::start(target);
    let group = server.pid();
    let worker = server.processes().into_iter().find(|&pid| pid != group);
    let worker = worker.expect("it has workers");
    kill(Pid::from_raw(worker), Signal::SIGSTOP).expect("the worker runs");
    let before = Instant::now();
    server.signal(Signal::SIGTERM);
    let status = server.wait(Duration::from_secs(10));
    let took = before.elapsed();
    let sent = "SIGTERM to a server one of whose workers is stopped";
    holds(took < Duration::from_millis(2500), sent, "an end within 2.5 s", format!("{took:?}"));
    same(format!("{sent}: exit status"), Some(2), status.code());
    let expected = format!("process {worker} did not stop in time");
    holds(server.log().contains(&expected), sent, expected, server.last_words());
    server.assert_nothing_left(group);
    Ok(())
}
