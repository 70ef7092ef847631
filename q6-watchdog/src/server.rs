//! The watchdog: makes what all servers share, forks them, and starts again what dies or freezes.

use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use common::ask::Ask;
use common::exit::FAILED;
use common::process;
use common::request::Request;
use common::signals::Signals;
use common::start::{self, Start};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;
use q1_pipes::workers::{self, Ended, Ready};
use q5_sockets::listeners::Listeners;
use tracing::{info, warn};

use crate::board::{Board, Number};
use crate::channel::Pair;
use crate::dispatcher;
use crate::leftovers;
use crate::options::ServerOptions;
use crate::secondary::{self, Post};
use crate::segment;
use crate::watched::{PROBE_INTERVAL, Watched};
use crate::writer;

/// The package, as the ready line and the lock file name it.
pub const PACKAGE: &str = "q6-watchdog";
const DISPATCHER: Number = 0;
const RESERVATION: Number = 1;
/// How long the dispatcher may take to stop, and then the servers behind it.
const STOP_MAX: Duration = Duration::from_millis(900);
/// Between two looks the watchdog sleeps for the interval of probes at most; if it was so much
/// longer, it was itself stopped.
const SLEPT: Duration = Duration::from_millis(500);

/// All servers, and what they are started with.
#[derive(Debug)]
struct Fleet<'a> {
    options: &'a ServerOptions,
    signals: &'a Signals,
    board: Arc<Board>,
    servers: Vec<Watched>,
    /// The nonce of probes.
    probe: u64,
}

/// Serves until SIGTERM or SIGINT, or until the last exchange; returns the exit status.
///
/// # Errors
/// If the servers cannot start, or restarting one does not help.
pub fn run(options: &ServerOptions) -> anyhow::Result<u8> {
    let Start { signals, mut lock, store, table } = start::open(&options.common, PACKAGE)?;
    // Only the reservation server writes, and it opens the file for itself.
    drop(store);
    process::name("q6 watchdog").context("cannot name the process")?;
    let dir = &options.common.dir;
    leftovers::remove(dir).context("cannot remove what a dead server has left")?;
    segment::remove_old(&mut lock)?;
    let board = Arc::new(Board::create(&mut lock, &table)?);
    workers::expect_children().context("cannot start servers")?;
    let mut fleet = open(options, &signals, board)?;
    let watched = watch(&mut fleet);
    let stopped = stop(&mut fleet);
    writer::remove(dir).context("cannot remove the writer's lock")?;
    watched.and(stopped)?;
    Ok(0)
}

/// Opens what outlives a restart: the listening sockets and the FIFOs of every server.
fn open<'a>(
    options: &'a ServerOptions,
    signals: &'a Signals,
    board: Arc<Board>,
) -> anyhow::Result<Fleet<'a>> {
    let probe = getrandom::u64().map_err(std::io::Error::from).context("cannot draw a nonce")?;
    let me = std::process::id() as i32;
    let open = |number: Number| {
        let (name, ask) = match number {
            DISPATCHER => ("dispatch".to_owned(), Ask::View { show: 0 }),
            RESERVATION => ("reserve".to_owned(), Ask::Reserve { show: 0, seats: 0 }),
            2 => ("consult".to_owned(), Ask::View { show: 0 }),
            _ => (format!("consult{}", number - 1), Ask::View { show: 0 }),
        };
        let listeners = Listeners::open(&[address(options, number)])?;
        let dir = &options.common.dir;
        let pair = (number != DISPATCHER).then(|| Pair::create(dir, &name)).transpose();
        let pair = pair.with_context(|| format!("cannot make FIFOs in {}", dir.display()))?;
        let question = Request::new(me, probe, ask);
        Watched::new(number, name, listeners, pair, question).context("cannot listen")
    };
    let numbers = DISPATCHER..=RESERVATION + options.consultation_servers;
    let servers = numbers.map(open).collect::<anyhow::Result<_>>()?;
    Ok(Fleet { options, signals, board, servers, probe })
}

/// Where a server listens: those behind the dispatcher beside it.
fn address(options: &ServerOptions, number: Number) -> SocketAddr {
    let port = match (number, options.first_port) {
        (DISPATCHER, _) => options.listen.port(),
        (_, 0) => 0,
        (_, first) => first.saturating_add((number - RESERVATION) as u16),
    };
    SocketAddr::new(options.listen.ip(), port)
}

/// Forks a server, for the first time or again.
fn start(fleet: &mut Fleet<'_>, number: Number) -> anyhow::Result<()> {
    fleet.board.count_start(number);
    let name = fleet.servers[number].name.clone();
    let forked = Watched::start(&name, |ready| live(fleet, number, ready));
    fleet.servers[number].started(forked.with_context(|| format!("cannot fork {name}"))?);
    Ok(())
}

/// A server's life, in its own process: it closes what belongs to the others, and serves.
fn live(fleet: &mut Fleet<'_>, number: Number, ready: Ready) -> anyhow::Result<()> {
    let mut ends = Vec::new();
    let mut own = None;
    for Watched { number: other, listeners, pair, .. } in fleet.servers.drain(..) {
        match pair {
            Some(pair) if number == DISPATCHER => ends.push((other, pair.dispatcher()?)),
            Some(pair) if number == other => ends.push((other, pair.secondary()?)),
            _ => {}
        }
        own = if number == other { Some(listeners) } else { own };
    }
    let listeners = own.context("no socket to listen on")?;
    let (options, signals, board) = (fleet.options, fleet.signals, fleet.board.clone());
    if number == DISPATCHER {
        return dispatcher::run(options, &board, signals, listeners, ends, ready);
    }
    let (_, end) = ends.pop().context("no FIFOs")?;
    let post = Post { options, board, signals, listeners, end, probe: fleet.probe };
    match number {
        RESERVATION => secondary::reserve(post, ready),
        _ => secondary::consult(post, ready),
    }
}

/// The watchdog's life: starts all servers, says when they are ready, and starts again what ends
/// or is made to end.
fn watch(fleet: &mut Fleet<'_>) -> anyhow::Result<()> {
    for number in 0..fleet.servers.len() {
        start(fleet, number)?;
    }
    let mut announced = false;
    let mut looked = Instant::now();
    loop {
        wait(fleet)?;
        match fleet.signals.wait(Duration::ZERO)? {
            Some(Signal::SIGCHLD) | None => {}
            Some(signal) => {
                info!("stopping on {signal}");
                return Ok(());
            }
        }
        let now = Instant::now();
        let slept = now.saturating_duration_since(looked);
        for number in 0..fleet.servers.len() {
            if let Some(ended) = fleet.servers[number].reap()? {
                ensure!(announced, "{ended} before it could serve");
                restart(fleet, number, &ended)?;
            }
        }
        tend(fleet, now, slept);
        looked = now;
        if !announced && fleet.servers.iter().all(|server| server.is_ready) {
            start::ready(PACKAGE, fleet.servers[DISPATCHER].listeners.addresses()?[0])?;
            announced = true;
        }
        let exchanges = fleet.board.exchanges();
        if fleet.options.exchanges.is_some_and(|limit| exchanges >= limit) {
            info!("stopping after {exchanges} exchanges");
            return Ok(());
        }
    }
}

/// Waits for a signal, a report, an answer, or the next deadline.
fn wait(fleet: &Fleet<'_>) -> anyhow::Result<()> {
    let now = Instant::now();
    let looks = fleet.servers.iter().map(Watched::next_look);
    let next = looks.min().unwrap_or(now).min(now + PROBE_INTERVAL);
    // Rounded up: a poll that ends a fraction of a millisecond early would spin.
    let left = next.saturating_duration_since(now) + Duration::from_millis(1);
    let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
    let mut events = vec![PollFd::new(fleet.signals.as_fd(), PollFlags::POLLIN)];
    events.extend(fleet.servers.iter().flat_map(Watched::poll_fds));
    match poll(&mut events, timeout) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(errno) => Err(errno).context("cannot wait"),
    }
}

/// Looks at every server: what it has said, and whether it is time to ask it or to end it.
fn tend(fleet: &mut Fleet<'_>, now: Instant, slept: Duration) {
    let overslept = slept > PROBE_INTERVAL + SLEPT;
    for server in &mut fleet.servers {
        if overslept {
            server.forgive(slept);
        }
        if fleet.board.take_silent(server.number) {
            warn!("the dispatcher gets no answer from {}", server.describe());
            server.suspect(now);
        }
        server.tend(now);
    }
}

/// Starts a server again, unless that would not help.
fn restart(fleet: &mut Fleet<'_>, number: Number, ended: &Ended) -> anyhow::Result<()> {
    // It has said itself that it must not go on: the disk fails, or somebody else writes.
    if number == RESERVATION
        && matches!(ended.status, WaitStatus::Exited(_, status) if status == i32::from(FAILED))
    {
        bail!("{ended}, and a new one would do no better: stopping");
    }
    fleet.servers[number].count_restart(Instant::now()).with_context(|| format!("{ended}"))?;
    warn!("{ended}: starting it again");
    start(fleet, number)
}

/// Ends all servers: the dispatcher first, so that no client is sent to a server that stops, and
/// then those behind it.
fn stop(fleet: &mut Fleet<'_>) -> anyhow::Result<()> {
    // Those that are gone already are no fault of the stop.
    for server in &mut fleet.servers {
        server.reap()?;
    }
    let front = end(fleet, &[DISPATCHER]);
    let behind: Vec<Number> = (RESERVATION..fleet.servers.len()).collect();
    let back = end(fleet, &behind);
    front.and(back)
}

/// Ends some servers, and waits for them; kills those that are still there in the end.
fn end(fleet: &mut Fleet<'_>, numbers: &[Number]) -> anyhow::Result<()> {
    let deadline = Instant::now() + STOP_MAX;
    let mut faults = Vec::new();
    for &number in numbers {
        fleet.servers[number].terminate()?;
    }
    loop {
        let mut left = 0;
        for &number in numbers {
            let server = &mut fleet.servers[number];
            match server.reap()? {
                Some(ended) if !ended.is_clean() => faults.push(ended.to_string()),
                _ => left += usize::from(server.is_running()),
            }
        }
        let time = deadline.saturating_duration_since(Instant::now());
        if left == 0 {
            break;
        }
        if time.is_zero() {
            faults.extend(fleet.kill(numbers));
            break;
        }
        fleet.signals.wait(time)?;
    }
    ensure!(faults.is_empty(), "{}", faults.join(" and "));
    Ok(())
}

impl Fleet<'_> {
    /// Kills those of some servers that still run, and waits for their end; says which.
    fn kill(&mut self, numbers: &[Number]) -> Vec<String> {
        let mut late = Vec::new();
        for &number in numbers {
            let server = &mut self.servers[number];
            if server.is_running() {
                late.push(format!("{} did not stop in time and was killed", server.describe()));
                server.kill_and_wait();
            }
        }
        late
    }
}

/// However the watchdog ends, its servers end with it.
impl Drop for Fleet<'_> {
    fn drop(&mut self) {
        let all: Vec<Number> = (0..self.servers.len()).collect();
        self.kill(&all);
    }
}
