//! A run of a real server under load as strace saw it: writes and syncs of the data file, and
//! replies, in their order.

use std::fmt::Write;
use std::ops::Range;
use std::thread;

use common::booking::shows;
use common::booking::table::Table;
use common::client::ask::Ask;
use common::protocol::reply::{Reply, Status};
use fastrand::Rng;
use zerocopy::IntoBytes;
use zerocopy::little_endian::I32;

use crate::client::{CLIENT_TIMEOUT, Client};
use crate::server::Server;
use crate::stage::Stage;
use crate::strace::trace::{self, Call};

/// Clients of a recorded run, enough for batches.
const CLIENTS: u64 = 16;
/// Seats of each show, more than any run sells.
const SEATS: i32 = 1_000_000;
/// Calls that can change a file; only the first is expected.
const CHANGES: [&str; 7] =
    ["pwrite64", "write", "writev", "pwritev", "pwritev2", "ftruncate", "fallocate"];
/// Calls that make it durable.
const SYNCS: [&str; 2] = ["fdatasync", "fsync"];

/// What happened, in the order in which it began; but a sync stands where it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Bytes were written into the data file.
    Write {
        /// Where they begin.
        offset: usize,
        /// What they are.
        bytes: Vec<u8>,
    },
    /// The data file was synced: writes that had ended when the sync began are durable.
    Sync {
        /// How many of the writes so far these are.
        writes: usize,
    },
    /// A reply left: the counts that it quotes, each with its row.
    Reply(Vec<(usize, i32)>),
}

/// A reservation as its client heard of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sold {
    /// The show's row.
    pub row: usize,
    /// Seats left after it.
    pub left: i32,
    /// Seats of it.
    pub seats: i32,
}

/// A recorded run.
#[derive(Clone, Debug)]
pub struct Journal {
    /// The table before.
    pub first: Table,
    /// The data file after.
    pub last: Table,
    /// What happened in between, the start included, the stop not.
    pub events: Vec<Event>,
    /// Every reservation that was acknowledged, by its clients' account.
    pub sold: Vec<Sold>,
}

impl Journal {
    /// Records a run of that many operations, most of them reservations; None if this machine has
    /// no strace.
    ///
    /// # Panics
    /// If the server fails, or changes its data file in a way that this does not understand.
    pub fn record(test: &str, stage: Stage, operations: u64, seed: u64) -> Option<Journal> {
        let first = table();
        // Nobody reads the gate, and the log of a long run would fill it.
        let mut server = Server::prepare(stage, &["--log-level", "error"]);
        server.write_data_file(first.as_bytes());
        let calls =
            [&CHANGES[..], &SYNCS[..], &[stage.reply_call().trim_end_matches('(')]].concat();
        let calls = format!("trace={}", calls.join(","));
        let traced = server.launch_traced(test, &["-y", "-xx", "-s", "800", "-e", &calls])?;
        assert!(traced.is_ready, "it did not get ready:\n{}", server.last_words());
        let sold = load(&server, operations, seed);
        let trace = traced.strace.finish();
        let last = server.table_on_disk();
        Some(Journal { first, last, events: events(&trace, stage), sold })
    }

    /// The same run without some of its syncs, counted from 0.
    pub fn without_syncs(&self, struck: Range<usize>) -> Journal {
        let mut journal = self.clone();
        let mut number = 0;
        journal.events.retain(|event| {
            let is_sync = matches!(event, Event::Sync { .. });
            number += usize::from(is_sync);
            !(is_sync && struck.contains(&(number - 1)))
        });
        journal
    }

    /// How many syncs there are.
    pub fn syncs(&self) -> usize {
        self.events.iter().filter(|event| matches!(event, Event::Sync { .. })).count()
    }
}

/// Ten shows, so that their counts stand in both sectors of the data file.
fn table() -> Table {
    let mut table = shows::sample();
    for row in 0..table.rows.len() {
        table.rows[row] = table.rows[row % 8];
        table.rows[row].id = I32::new(row as i32 + 1);
        table.rows[row].seats = I32::new(SEATS);
    }
    table
}

/// What the clients of a server were sold.
fn load(server: &Server, operations: u64, seed: u64) -> Vec<Sold> {
    let start = |number| {
        let (stage, dir) = (server.stage(), server.dir());
        thread::spawn(move || {
            let opened = Client::open(stage, &dir, CLIENT_TIMEOUT);
            let (mut client, mut rng) =
                (opened.expect("the server is there"), Rng::with_seed(number));
            (0..operations / CLIENTS).filter_map(|_| ask(&mut client, &mut rng)).collect::<Vec<_>>()
        })
    };
    let clients: Vec<_> = (0..CLIENTS).map(|number| start(seed ^ number)).collect();
    clients.into_iter().flat_map(|client| client.join().expect("a client does not panic")).collect()
}

/// One operation: a reservation as a rule, else a refused one or a consultation.
fn ask(client: &mut Client, rng: &mut Rng) -> Option<Sold> {
    let (row, seats) = (rng.usize(0..10), rng.i32(1..=3));
    let show = row as i32 + 1;
    let ask = match rng.u8(0..32) {
        0 => Ask::List,
        1 | 2 => Ask::View { show },
        3 => Ask::Reserve { show, seats: SEATS + 1 },
        _ => Ask::Reserve { show, seats },
    };
    let reply = client.ask(ask).expect("the server answers");
    let sold = matches!(ask, Ask::Reserve { .. }) && reply.status() == Some(Status::Ok);
    sold.then(|| Sold { row, left: reply.seats.get(), seats })
}

/// The events of a trace.
fn events(trace: &str, stage: Stage) -> Vec<Event> {
    let mut data_file = String::new();
    for byte in common::booking::data_file::DATA_FILE.bytes() {
        write!(data_file, "\\x{byte:02x}").expect("a string takes any text");
    }
    let data_file = data_file + ">";
    let calls = trace::parse(trace);
    // Where each event takes its place, and the event; a sync yet without what it covers.
    let mut placed: Vec<(usize, Event)> = Vec::new();
    let mut writes: Vec<usize> = Vec::new();
    let mut syncs: Vec<&Call> = Vec::new();
    for call in &calls {
        let is_on_data_file =
            call.text.split(',').next().is_some_and(|file| file.contains(&data_file));
        if is_on_data_file && SYNCS.contains(&&*call.name) {
            syncs.extend((call.result() == Some(0)).then_some(call));
        } else if is_on_data_file {
            assert_eq!(call.name, CHANGES[0], "the data file was changed by {call:?}");
            writes.push(call.end);
            placed.push((call.begin, written(call)));
        } else if stage.reply_call().starts_with(&call.name) {
            placed.extend(quoted(call).map(|quoted| (call.begin, Event::Reply(quoted))));
        }
    }
    for sync in syncs {
        let covered = writes.iter().filter(|&&end| end < sync.begin).count();
        placed.push((sync.end, Event::Sync { writes: covered }));
    }
    placed.sort_by_key(|(line, _)| *line);
    placed.into_iter().map(|(_, event)| event).collect()
}

/// A write with its offset, the last argument.
fn written(call: &Call) -> Event {
    let bytes = call.bytes().expect("strace shows what is written");
    let (arguments, _) = call.text.rsplit_once(')').expect("a call has arguments");
    let offset = arguments.rsplit_once(", ").and_then(|(_, offset)| offset.parse().ok());
    Event::Write { offset: offset.expect("the last argument of pwrite is the offset"), bytes }
}

/// The counts that a reply quotes; None if this is no reply.
fn quoted(call: &Call) -> Option<Vec<(usize, i32)>> {
    let reply = Reply::from_received(&call.bytes()?)?;
    let quotes = matches!(reply.status(), Some(Status::Ok | Status::NotEnoughSeats));
    let count =
        |(row, show): (usize, &common::protocol::record::Spectacle)| (row, show.seats.get());
    Some(match reply.rows() {
        [] if quotes => vec![(reply.show.get() as usize - 1, reply.seats.get())],
        rows => rows.iter().enumerate().map(count).collect(),
    })
}
