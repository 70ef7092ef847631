//! Linearizability: what clients were told while they and the server were killed and stopped has an
//! order, and a long run without trouble has one too.

use std::fs;
use std::thread;

use common::booking::shows;
use common::booking::table::Table;
use common::client::ask::Ask;
use fastrand::Rng;
use harness::client::{CLIENT_TIMEOUT, Client};
use harness::history::nemesis;
use harness::history::{History, Meaning, Operation, chain, meaning, now, search, seats};
use harness::runner::sweep::Sweep;
use harness::say::say;
use harness::server::Server;
use harness::stage::{ALL, Stage, is_ours, program};
use zerocopy::little_endian::I32;

/// Histories per stage.
const HISTORIES: u64 = 500;
/// Shows that clients ask for: few, so that they meet.
const SHOWS: i32 = 3;
/// A long run is checked in parts; a million operations in all.
const PARTS: u64 = 1000;
/// Clients of a long run.
const CLIENTS: u64 = 8;
/// What each of them asks in a part.
const QUESTIONS: u64 = 125;
/// Two sweeps share the time of this item.
const SWEEPS: u32 = 2 * ALL.len() as u32;

fn table(seats: impl FnMut() -> i32) -> Table {
    let mut seats = seats;
    let mut table = shows::sample();
    table.rows[..SHOWS as usize].iter_mut().for_each(|row| row.seats = I32::new(seats()));
    table
}

/// Keeps a history that has no order, because another run will not have it again.
fn fail(stage: Stage, point: u64, history: &History, why: &str) -> ! {
    let folder = program("failed");
    let path = folder.join(format!("history-{}-{point}", stage.package()));
    let text = format!("{why}\n\n{history:#?}\n");
    fs::create_dir_all(&folder).and_then(|()| fs::write(&path, text)).unwrap();
    panic!("{}: {why}\nthe history is in {}", stage.package(), path.display());
}

#[test]
fn histories_with_kills_and_stops_are_linearizable() {
    if !is_ours("histories_with_kills_and_stops_are_linearizable") {
        return;
    }
    for stage in ALL {
        let sweep = Sweep::new(&format!("histories-{}", stage.package()), HISTORIES, SWEEPS);
        let (seed, mut all, mut unknown) = (sweep.seed(), 0, 0);
        sweep.run(|point| {
            let mut rng = Rng::with_seed(seed ^ point);
            let mut server = Server::start_with(stage, &table(|| rng.i32(20..500)), &[]);
            let history = nemesis::record(&mut server, SHOWS, rng.u64(..));
            if let Err(why) = search::check(&history) {
                fail(stage, point, &history, &why);
            }
            let is_unknown = |operation: &&Operation| operation.back.is_none();
            all += history.operations.len();
            unknown += history.operations.iter().filter(is_unknown).count();
        });
        let stage = stage.package();
        say(&format!("proof histories {stage}: {all} operations, {unknown} of unknown outcome"));
    }
}

/// One client's part of a long run.
fn ask_on(mut client: Client, mut rng: Rng) -> Vec<Operation> {
    let ask = |_| {
        let show = rng.i32(1..=SHOWS);
        let ask = match rng.u32(0..4) {
            0 => Ask::List,
            1 => Ask::View { show },
            _ => Ask::Reserve { show, seats: rng.i32(1..=4) },
        };
        let call = now();
        let reply = client.ask(ask).unwrap();
        let Meaning::Answered(answer) = meaning(ask, reply) else { panic!("{reply:?}") };
        Operation { ask, call, back: Some((now(), answer)) }
    };
    (0..QUESTIONS).map(ask).collect()
}

#[test]
fn a_long_run_is_linearizable_from_its_first_answer_to_its_last() {
    for stage in ALL {
        let sweep = Sweep::new(&format!("chain-{}", stage.package()), PARTS, SWEEPS);
        let seed = sweep.seed();
        let server = Server::start_with(stage, &table(|| i32::MAX), &[]);
        sweep.run(|point| {
            let initial = seats(&server.table_on_disk());
            let mut clients = Vec::new();
            for number in 0..CLIENTS {
                let rng = Rng::with_seed(seed ^ (point * CLIENTS + number));
                let dir = server.dir();
                clients.push(thread::spawn(move || {
                    ask_on(Client::open(stage, &dir, CLIENT_TIMEOUT).unwrap(), rng)
                }));
            }
            let asked = clients.into_iter().flat_map(|client| client.join().unwrap());
            let mut operations: Vec<Operation> = asked.collect();
            let call = now();
            let last = meaning(Ask::List, server.client().ask(Ask::List).unwrap());
            let Meaning::Answered(answer) = last else { panic!("{last:?}") };
            operations.push(Operation { ask: Ask::List, call, back: Some((now(), answer)) });
            let history = History { initial, operations };
            if let Err(why) = chain::check(&history) {
                fail(stage, point, &history, &why);
            }
        });
    }
}
