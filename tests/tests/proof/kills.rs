//! Kills at random: any process of a server, at any moment, under the load of sixteen clients.

use std::time::Duration;

use common::booking::shows;
use common::booking::table::Table;
use common::client::ask::Ask;
use fastrand::Rng;
use harness::client::Client;
use harness::history::load::{Load, Told};
use harness::runner::sweep::Sweep;
use harness::server::Server;
use harness::stage::{ALL, Stage};
use harness::wait;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use zerocopy::IntoBytes;
use zerocopy::little_endian::I32;

/// Clients that ask at the same time.
const CLIENTS: u64 = 16;
/// Shows.
const SHOWS: usize = 8;
/// Seats of each show, more than all rounds sell.
const SEATS: i32 = 100_000_000;
/// Rounds for each stage.
const ROUNDS: u64 = 2000;
/// Answers before the kill, at most: several batches.
const ANSWERS_MAX: u64 = 200;
/// A server that has lost a process ends within this, or has replaced it.
const END_MAX: Duration = Duration::from_secs(10);

fn start(stage: Stage) -> Server {
    let mut table = shows::sample();
    table.rows[..SHOWS].iter_mut().for_each(|show| show.seats = I32::new(SEATS));
    let mut server = Server::prepare(stage, &["--log-level", "warn"]);
    server.write_data_file(table.as_bytes());
    server.launch();
    server
}

/// Kills a process of a server under load, and starts it again; what its clients had seen.
fn round(server: &mut Server, rng: &mut Rng) -> Told {
    let load = Load::start(server, CLIENTS, SHOWS as i32, rng.u64(..));
    load.wait_for(rng.u64(..ANSWERS_MAX));
    let pids = pids(server);
    let (group, victim) = (server.pid(), pids[rng.usize(..pids.len())]);
    kill(Pid::from_raw(victim), Signal::SIGKILL).unwrap();
    if victim == group {
        server.wait(END_MAX);
    } else if server.stage().restarts_workers() {
        wait::until_true("a successor", END_MAX, || is_whole_without(server, victim));
        // Clients that had to do with another process would go on for ever.
        server.stop();
    } else {
        assert_eq!(server.wait(END_MAX).code(), Some(2), "{}", server.last_words());
        server.assert_nothing_left(group);
    }
    let told = load.join();
    server.launch();
    told
}

fn pids(server: &Server) -> Vec<i32> {
    let mut pids: Vec<i32> = server.threads().iter().map(|thread| thread.pid).collect();
    pids.sort_unstable();
    pids.dedup();
    pids
}

/// Whether another process does the work of a dead one: questions of both kinds are answered.
fn is_whole_without(server: &Server, victim: i32) -> bool {
    let pids = pids(server);
    let both = [Ask::View { show: 1 }, Ask::Reserve { show: 99, seats: 1 }];
    let opened = Client::open(server.stage(), &server.dir(), END_MAX);
    let answered = opened.is_ok_and(|mut client| both.iter().all(|&ask| client.ask(ask).is_ok()));
    answered && pids.len() == server.stage().processes() && !pids.contains(&victim)
}

#[test]
fn a_kill_of_any_process_under_load_loses_and_sells_nothing_twice() {
    for stage in ALL {
        let sweep = Sweep::new(&format!("kills-{}", stage.package()), ROUNDS, 2 * ALL.len() as u32);
        let seed = sweep.seed();
        let mut server = start(stage);
        let mut before: Table = server.table_on_disk();
        sweep.run(|point| {
            let told = round(&mut server, &mut Rng::with_seed(seed ^ point));
            let after = server.table_on_disk();
            let list = *server.client().ask(Ask::List).unwrap();
            assert_eq!(list.rows(), after.rows, "what is shown is not what is on disk");
            assert_eq!(told.contradiction(&before, &after), None);
            before = after;
        });
        server.stop();
    }
}
