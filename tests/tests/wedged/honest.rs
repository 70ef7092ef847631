//! Honest clients at an even pace, who measure how long each answer takes and check that it is
//! theirs.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle, park_timeout};
use std::time::{Duration, Instant};

use common::booking::shows;
use common::booking::table::Table;
use common::client::ask::Ask;
use common::protocol::reply::Status;
use harness::client::Client;
use harness::server::Server;
use zerocopy::little_endian::I32;

/// As many as a promise is made for.
const CLIENTS: i32 = 16;
/// Time between two questions of one client; an answer that is late makes the next one start at
/// once.
const PACE: Duration = Duration::from_millis(5);
/// What a client's user would wait: no honest client may be left without an answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A table in which each show is known by its seats.
pub(crate) fn table() -> Table {
    let mut table = shows::sample();
    for (row, seats) in table.rows.iter_mut().zip((1..).map(|n| n * 100_000_000)).take(8) {
        row.seats = I32::new(seats);
    }
    table
}

/// Running clients.
pub(crate) struct Honest {
    clients: Vec<JoinHandle<Result<Vec<Duration>, String>>>,
    enough: Arc<AtomicBool>,
}

/// How long answers took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Took {
    pub(crate) answers: usize,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    pub(crate) longest: Duration,
}

impl fmt::Display for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Took { answers, p50, p99, longest } = self;
        write!(f, "{answers} answers, p50 {p50:.1?}, p99 {p99:.1?}, at most {longest:.1?}")
    }
}

impl Honest {
    /// Starts clients of the server.
    pub(crate) fn start(server: &Server) -> Honest {
        let enough = Arc::new(AtomicBool::new(false));
        let start = |number| {
            let (stage, dir, enough) = (server.stage(), server.dir(), enough.clone());
            let life = move || {
                ask(Client::open(stage, &dir, TIMEOUT).unwrap(), number, || {
                    !enough.load(Ordering::Relaxed)
                })
            };
            Builder::new().name(format!("honest {number}")).spawn(life).unwrap()
        };
        Honest { clients: (0..CLIENTS).map(start).collect(), enough }
    }

    /// Ends them; how long their answers took, or who had none.
    pub(crate) fn finish(self) -> Result<Took, String> {
        self.enough.store(true, Ordering::Relaxed);
        let ended: Vec<_> = self.clients.into_iter().map(|it| it.join().unwrap()).collect();
        let took: Result<Vec<Vec<Duration>>, String> = ended.into_iter().collect();
        let mut took = took?.concat();
        took.sort_unstable();
        let rank = |share: usize| took[(took.len() - 1) * share / 100];
        Ok(Took { answers: took.len(), p50: rank(50), p99: rank(99), longest: rank(100) })
    }

    /// The same clients for a while, with nobody else.
    pub(crate) fn measure(server: &Server, time: Duration) -> Result<Took, String> {
        let honest = Honest::start(server);
        harness::wait::pause(time);
        honest.finish()
    }
}

/// A client's life: it asks about its own show only, in turn to see, to list and to reserve.
fn ask(mut client: Client, number: i32, go_on: impl Fn() -> bool) -> Result<Vec<Duration>, String> {
    let show = number % 7 + 1;
    let mut took = Vec::new();
    let mut next = Instant::now() + PACE * number as u32 / CLIENTS as u32;
    while go_on() {
        park_timeout(next.saturating_duration_since(Instant::now()));
        let ask = match took.len() % 4 {
            0 => Ask::List,
            1 => Ask::Reserve { show, seats: 1 },
            _ => Ask::View { show },
        };
        let before = Instant::now();
        let reply = client.ask(ask).map_err(|error| format!("{ask:?}: {}", error.explain(ask)))?;
        took.push(before.elapsed());
        next = before.max(next) + PACE;
        let is_mine = match ask {
            Ask::List => reply.rows().len() == 10,
            _ => reply.show == show && reply.seats.get() / 10_000_000 == show * 10 - 1,
        };
        let status = reply.status();
        assert_eq!(status, Some(Status::Ok), "{ask:?}");
        assert!(is_mine, "{ask:?}: {status:?}");
    }
    Ok(took)
}
