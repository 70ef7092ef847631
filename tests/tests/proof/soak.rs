//! A long run: what a server holds at its end is what it held after the first minutes.

use std::collections::BTreeSet;
use std::fs;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use common::booking::shows;
use common::booking::table::Table;
use common::client::ask::Ask;
use common::protocol::reply::Status;
use harness::checks::sockets::raw::sockets;
use harness::client::{CLIENT_TIMEOUT, Client};
use harness::effort::Effort;
use harness::say::say;
use harness::server::Server;
use harness::stage::{ALL, Mechanism, Stage, is_ours};
use harness::wait;
use q2_msgqueue::channel::Channel;
use zerocopy::little_endian::I32;

const CLIENTS: u64 = 16;
/// How often many clients ask before: more than q1's workers keep reply FIFOs open for (256), and
/// more at once than later, because the C library keeps what its threads have had.
const CROWDS: u64 = 5;
const CROWD: u64 = 64;
/// How much more anonymous memory is no growth: a page here and there in each of a few threads.
const GROWTH_MAX: i64 = 256;
/// Threads of answered requests and closed connections end soon.
const REST_MAX: Duration = Duration::from_secs(10);

/// What a server holds at rest.
#[derive(Clone, Copy, Debug)]
struct Held {
    /// KiB of anonymous memory, of all its processes.
    anonymous: i64,
    descriptors: usize,
    threads: usize,
    queued_bytes: u64,
}

impl Held {
    /// Waits until it rests, and looks.
    fn by(server: &Server) -> Held {
        let at_rest = server.stage().threads().len();
        // Of q9 the socket that listens, and none of a client that has gone.
        let is_closed = || server.stage() != Stage::Q9Events || sockets(server) == 1;
        wait::until_true("a server at rest", REST_MAX, || {
            server.threads().len() == at_rest && is_closed()
        });
        let pids: BTreeSet<i32> = server.threads().iter().map(|thread| thread.pid).collect();
        let anonymous = |pid| {
            let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap();
            let line = text.lines().find_map(|line| line.strip_prefix("Anonymous:")).unwrap();
            line.trim().trim_end_matches(" kB").parse::<i64>().unwrap()
        };
        let descriptors = |pid| fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count();
        let queued_bytes = match server.stage().mechanism() {
            Mechanism::Pipes | Mechanism::Sockets | Mechanism::Dispatcher | Mechanism::Tls => 0,
            Mechanism::Queues => {
                let channel = Channel::open(&server.dir()).unwrap();
                channel.requests.load().unwrap().bytes + channel.replies.load().unwrap().bytes
            }
        };
        Held {
            anonymous: pids.iter().copied().map(anonymous).sum(),
            descriptors: pids.iter().copied().map(descriptors).sum(),
            threads: at_rest,
            queued_bytes,
        }
    }
}

/// New clients ask so often, all together.
fn ask(server: &Server, clients: u64, questions: u64) {
    let (stage, dir) = (server.stage(), server.dir());
    let life = |number: u64| {
        let dir = dir.clone();
        thread::spawn(move || {
            let mut client = Client::open(stage, &dir, CLIENT_TIMEOUT).unwrap();
            for n in 0..questions / clients {
                let show = ((number + n) % 8 + 1) as i32;
                let ask = match n % 4 {
                    0 => Ask::List,
                    1 => Ask::Reserve { show, seats: 1 },
                    _ => Ask::View { show },
                };
                assert_eq!(client.ask(ask).unwrap().status(), Some(Status::Ok), "{ask:?}");
            }
        })
    };
    let clients: Vec<JoinHandle<()>> = (0..clients).map(life).collect();
    clients.into_iter().for_each(|client| client.join().unwrap());
}

fn soak(stage: Stage) {
    let mut table: Table = shows::sample();
    table.rows.iter_mut().take(8).for_each(|row| row.seats = I32::new(i32::MAX));
    let options = ["--durability", "process", "--log-level", "warn"];
    let server = Server::start_with(stage, &table, &options);
    let (total, seconds) = Effort::asked().of((20_000, 1), (200_000, 8), (10_000_000_u64, 1800));
    for _ in 0..CROWDS {
        ask(&server, CROWD, CROWD * 10);
    }
    ask(&server, CLIENTS, total / 20);
    let (before, start, mut done) = (Held::by(&server), Instant::now(), 0);
    let mut anonymous = vec![before.anonymous];
    while done < total && start.elapsed() < Duration::from_secs(seconds) {
        ask(&server, CLIENTS, total / 50);
        done += total / 50;
        let held = Held::by(&server);
        anonymous.push(held.anonymous);
        let place = || format!("{} after {done}: {held:?}, before {before:?}", stage.package());
        // A watchdog may be asking: both ends of a connection to each of its three servers.
        let asking = if stage.restarts_workers() { 2 * 3 } else { 0 };
        assert!(held.descriptors.abs_diff(before.descriptors) <= asking, "{}", place());
        assert_eq!(held.queued_bytes, 0, "{}", place());
    }
    // The C library gives each of several threads memory of its own and keeps it: which pages have
    // been touched by now is chance, and so one half is compared with the other.
    let (early, late) = anonymous.split_at(anonymous.len() / 2);
    let most = |half: &[i64]| half.iter().copied().max().unwrap_or(before.anonymous);
    let (early, late) = (most(early), most(late));
    say(&format!(
        "soak of {}: {done} of {total} questions in {:.1} s, {early} KiB at most in the first half, \
         {late} in the second, {} descriptors, {} threads",
        stage.package(),
        start.elapsed().as_secs_f64(),
        before.descriptors,
        before.threads,
    ));
    assert!(late < early + GROWTH_MAX, "{} grows: {anonymous:?}", stage.package());
}

#[test]
fn nothing_grows_in_a_long_run() {
    if is_ours("nothing_grows_in_a_long_run") {
        ALL.into_iter().for_each(soak);
    }
}
