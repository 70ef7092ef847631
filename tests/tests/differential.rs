//! The same requests, the same replies: every stage against the rules, byte for byte.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

use std::fs;
use std::thread;

use common::booking::shows;
use common::booking::table::Table;
use common::client::ask::Ask;
use common::protocol::record::ROWS;
use common::protocol::reply::Reply;
use common::protocol::request::Request;
use fastrand::Rng;
use harness::effort::Effort;
use harness::seed;
use harness::server::Server;
use harness::stage::{ALL, Stage, is_ours};
use zerocopy::IntoBytes;
use zerocopy::little_endian::{I32, U64};

/// Sequences that one server answers; the next one starts with another table.
const PER_SERVER: usize = 250;

/// A legal table: some rows empty, the ids in any order, few seats or very many.
fn table(rng: &mut Rng) -> Table {
    let mut ids: Vec<i32> = (1..=ROWS as i32).collect();
    rng.shuffle(&mut ids);
    let mut table = Table::new();
    for (row, id) in ids.into_iter().enumerate() {
        if rng.u8(..) < 40 {
            continue;
        }
        let most = rng.choice([0, 5, 100, i32::MAX]).unwrap();
        let seats = rng.i32(0..=most);
        table.rows[row] = shows::spectacle(id, &format!("Show {id}"), "01/02/2027", seats).unwrap();
    }
    table
}

/// One to twenty questions, sensible and senseless.
fn sequence(rng: &mut Rng) -> Vec<Ask> {
    let edge = |rng: &mut Rng| rng.choice([i32::MIN, -1, 0, 1, i32::MAX - 1, i32::MAX]).unwrap();
    let show = |rng: &mut Rng| if rng.u8(..) < 20 { edge(rng) } else { rng.i32(-1..=12) };
    let ask = |rng: &mut Rng| match rng.u8(..) {
        0..40 => Ask::List,
        40..120 => Ask::View { show: show(rng) },
        120..150 => Ask::Reserve { show: show(rng), seats: edge(rng) },
        150.. => Ask::Reserve { show: show(rng), seats: rng.i32(-2..=30) },
    };
    (0..rng.usize(1..=20)).map(|_| ask(rng)).collect()
}

/// The reply without what may differ: who answered, and the client's own number.
fn comparable(reply: &Reply) -> Reply {
    Reply { server: I32::ZERO, nonce: U64::ZERO, ..*reply }
}

/// Asks a stage's servers the questions that follow from `seed`.
fn run(stage: Stage, seed: u64, sequences: usize) {
    let mut rng = Rng::with_seed(seed);
    for first in (0..sequences).step_by(PER_SERVER) {
        let mut expected = table(&mut rng);
        let server = Server::start_with(stage, &expected, &["--durability", "process"]);
        let mut client = server.client();
        for number in first..sequences.min(first + PER_SERVER) {
            for ask in sequence(&mut rng) {
                let request = Request::new(1, 0, ask);
                let by_the_rules = expected.reply(&request, 0);
                let reply = comparable(client.ask(ask).unwrap());
                let place = || format!("{} in sequence {number}: {ask:?}", stage.package());
                assert_eq!(reply.bytes(), by_the_rules.bytes(), "{}", place());
            }
        }
        assert_eq!(fs::read(server.data_file()).unwrap(), expected.as_bytes());
    }
}

#[test]
fn every_stage_gives_the_same_replies_and_leaves_the_same_file() {
    if !is_ours("every_stage_gives_the_same_replies_and_leaves_the_same_file") {
        return;
    }
    let seed = seed::number();
    let sequences = Effort::asked().of(4_000, 50_000, 1_000_000);
    // A thread for each, so that each has an IPC namespace of its own.
    let runs = ALL.map(|stage| thread::spawn(move || run(stage, seed, sequences)));
    runs.into_iter().for_each(|run| run.join().unwrap());
}
