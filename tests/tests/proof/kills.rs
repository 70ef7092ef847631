//! Kills at random: any process of a server, at any moment, under the load of sixteen clients.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use common::ask::{Ask, Unanswered};
use common::record::ROWS;
use common::reply::Status;
use common::shows;
use common::table::Table;
use fastrand::Rng;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tests::client::{CLIENT_TIMEOUT, Client};
use tests::server::Server;
use tests::stage::{ALL, Stage};
use tests::sweep::Sweep;
use tests::wait;
use zerocopy::IntoBytes;
use zerocopy::little_endian::I32;

/// Clients that reserve at the same time.
const CLIENTS: usize = 16;
/// Seats of each show, more than all rounds sell.
const SEATS: i32 = 100_000_000;
/// Shows.
const SHOWS: usize = 8;
/// Rounds for each stage.
const ROUNDS: u64 = 2000;
/// Acknowledgements before the kill, at most: several batches.
const ACKNOWLEDGED_MAX: usize = 200;
/// A server that has lost a process ends, or has replaced it, within this.
const END_MAX: Duration = Duration::from_secs(5);

/// Seats of each show.
type Seats = [i32; ROWS];

/// What the clients of one round know.
#[derive(Debug, Default)]
struct Known {
    acknowledged: Seats,
    unknown: Seats,
    /// Seats left after each acknowledged reservation.
    left: Vec<(usize, i32)>,
}

fn start(stage: Stage) -> Server {
    let mut table = shows::sample();
    table.rows[..SHOWS].iter_mut().for_each(|show| show.seats = I32::new(SEATS));
    let server = Server::prepare(stage, &["--log-level", "warn"]);
    server.write_data_file(table.as_bytes());
    server
}

/// Reserves until there is no answer, or none that promises anything.
fn reserve(stage: Stage, server: &std::path::Path, seed: u64, sum: &AtomicUsize) -> Known {
    let (mut known, mut rng) = (Known::default(), Rng::with_seed(seed));
    // The server may be dead already.
    let Ok(mut client) = Client::open(stage, server, CLIENT_TIMEOUT) else { return known };
    loop {
        let (row, seats) = (rng.usize(..SHOWS), rng.i32(1..=3));
        match client.ask(Ask::Reserve { show: row as i32 + 1, seats }) {
            Ok(reply) if reply.status() == Some(Status::Ok) => {
                known.acknowledged[row] += seats;
                known.left.push((row, reply.seats.get()));
                sum.fetch_add(1, Ordering::Relaxed);
            }
            Ok(reply) => {
                assert_eq!(reply.status(), Some(Status::Unavailable));
                known.unknown[row] += seats;
                return known;
            }
            Err(Unanswered::NotSent(_)) => return known,
            Err(Unanswered::Unknown(_)) => {
                known.unknown[row] += seats;
                return known;
            }
        }
    }
}

/// Kills a process of a server under load, and has it serve again; what its clients know.
fn round(server: &mut Server, rng: &mut Rng) -> Known {
    let (sum, mut known) = (AtomicUsize::new(0), Known::default());
    let mut pids: Vec<i32> = server.threads().iter().map(|thread| thread.pid).collect();
    pids.sort_unstable();
    pids.dedup();
    let victim = pids[rng.usize(..pids.len())];
    let (stage, dir, sum) = (server.stage(), &server.dir(), &sum);
    thread::scope(|scope| {
        let seeds: Vec<u64> = (0..CLIENTS).map(|_| rng.u64(..)).collect();
        let client = |seed| scope.spawn(move || reserve(stage, dir, seed, sum));
        let clients: Vec<_> = seeds.into_iter().map(client).collect();
        let enough = rng.usize(..ACKNOWLEDGED_MAX);
        wait::until_true("a load", CLIENT_TIMEOUT, || sum.load(Ordering::Relaxed) >= enough);
        kill(Pid::from_raw(victim), Signal::SIGKILL).unwrap();
        if stage.restarts_workers() && victim != server.pid() {
            // The clients that the dead one did not serve go on for ever.
            server.stop();
        } else {
            end(server, victim);
        }
        for client in clients {
            let one = client.join().unwrap();
            for row in 0..ROWS {
                known.acknowledged[row] += one.acknowledged[row];
                known.unknown[row] += one.unknown[row];
            }
            known.left.extend(one.left);
        }
    });
    server.launch();
    known
}

/// The server ends by itself, with an error; if it could clean up it has.
fn end(server: &mut Server, victim: i32) {
    let group = server.pid();
    let status = server.wait(END_MAX);
    if victim != group {
        assert_eq!(status.code(), Some(2), "{}", server.last_words());
        server.assert_nothing_left(group);
    }
}

fn seats(table: &Table) -> Seats {
    table.rows.map(|show| show.seats.get())
}

#[test]
fn a_kill_of_any_process_under_load_loses_and_sells_nothing_twice() {
    for stage in ALL {
        let sweep = Sweep::new(&format!("kills-{}", stage.package()), ROUNDS, 2 * ALL.len() as u32);
        let seed = sweep.seed();
        let mut server = start(stage);
        server.launch();
        let mut before = seats(&server.table_on_disk());
        sweep.run(|point| {
            let known = round(&mut server, &mut Rng::with_seed(seed ^ point));
            let list = server.client().ask(Ask::List).unwrap();
            let after = list.rows().iter().map(|show| show.seats.get()).collect::<Vec<i32>>();
            assert_eq!(after, seats(&server.table_on_disk()), "what is shown is not on disk");
            for row in 0..ROWS {
                let (sold, acknowledged) = (before[row] - after[row], known.acknowledged[row]);
                let possible = acknowledged..=acknowledged + known.unknown[row];
                assert!(possible.contains(&sold), "show {}: {sold} sold, {known:?}", row + 1);
            }
            let distinct: BTreeSet<_> = known.left.iter().collect();
            assert_eq!(distinct.len(), known.left.len(), "a seat was acknowledged twice");
            before = after.try_into().unwrap();
        });
        server.stop();
    }
}
