//! The watchdog: creates what all servers share, forks them, and restarts those that die or hang.

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail, ensure};
use common::program::exit::FAILED;
use common::program::process;
use common::server::leftovers;
use common::server::start::{self, Start};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;
use q1_pipes::process::workers::Ended;
use q1_pipes::sys;
use tracing::{info, warn};

use crate::PACKAGE;
use crate::options::ServerOptions;
use crate::watchdog::board::{Board, Number};
use crate::watchdog::fleet::{DISPATCHER, Fleet, RESERVATION};
use crate::watchdog::silence::PROBE_INTERVAL;
use crate::watchdog::watched::Watched;

/// How long the dispatcher may take to stop.
const DISPATCHER_STOP_MAX: Duration = Duration::from_millis(600);
/// How long the servers behind it may take then.
const STOP_MAX: Duration = Duration::from_millis(1300);
/// If the watchdog has not checked for so long, it was stopped itself, or got no processor.
const SLEPT: Duration = PROBE_INTERVAL.saturating_mul(2);

/// Serves until SIGTERM or SIGINT, or until the last exchange; returns the exit status.
///
/// # Errors
/// If the servers cannot start, or restarting one does not help.
pub fn run(options: &ServerOptions) -> anyhow::Result<u8> {
    let Start { signals, mut lock, store, table } = start::open(&options.common, PACKAGE)?;
    // Only the reservation server writes. It opens and locks the data file itself, after its fork: a
    // lock that all servers share would keep none of them from writing.
    drop(store);
    process::name("q6 watchdog").context("cannot name the process")?;
    leftovers::remove(&options.common.dir, &mut lock)?;
    let dir = File::open(&options.common.dir).context("cannot open DIR")?;
    // A restarted server opens its files anew. By now the name may be another directory's.
    let mut held = options.clone();
    held.common.dir = format!("/proc/self/fd/{}", dir.as_raw_fd()).into();
    let board = Arc::new(Board::create(&mut lock, &table)?);
    sys::default_sigchld().context("cannot start servers")?;
    let mut fleet = Fleet::open(&held, &signals, board)?;
    let watched = watch(&mut fleet);
    let stopped = stop(&mut fleet);
    drop(fleet);
    // Nothing is left by now. If something is, this says what, and the exit status is not 0.
    leftovers::remove_fifos(&dir)?;
    watched.and(stopped)?;
    Ok(0)
}

/// The main loop: starts all servers, prints the ready line, and restarts the servers that end.
fn watch(fleet: &mut Fleet<'_>) -> anyhow::Result<()> {
    for number in 0..fleet.servers.len() {
        fleet.start(number)?;
    }
    let mut is_announced = false;
    let mut checked = Instant::now();
    loop {
        // The signals are read only if there is one: otherwise this loop would spin when every
        // second read fails.
        let signal = if wait(fleet)? { fleet.signals.wait(Duration::ZERO)? } else { None };
        match signal {
            Some(Signal::SIGCHLD) | None => {}
            Some(signal) => {
                info!("stopping on {signal}");
                return Ok(());
            }
        }
        for number in 0..fleet.servers.len() {
            if let Some(ended) = fleet.servers[number].child.reap()? {
                ensure!(is_announced, "{ended} before it could serve");
                restart(fleet, number, &ended)?;
            }
        }
        let now = Instant::now();
        check_all(fleet, now, now.saturating_duration_since(checked));
        checked = now;
        if !is_announced && fleet.servers.iter().all(|server| server.is_ready) {
            let addresses = fleet.servers[DISPATCHER].listeners.addresses();
            start::ready_line(PACKAGE, addresses.context("cannot tell the address")?[0])?
                .print()?;
            is_announced = true;
        }
        let exchanges = fleet.board.exchanges();
        if fleet.options.exchanges.is_some_and(|limit| exchanges >= limit) {
            info!("stopping after {exchanges} exchanges");
            return Ok(());
        }
    }
}

/// Waits for a signal, a report, an answer, or the next deadline. Returns whether there is a signal.
fn wait(fleet: &Fleet<'_>) -> anyhow::Result<bool> {
    let now = Instant::now();
    let checks = fleet.servers.iter().map(Watched::next_check);
    let next = checks.min().unwrap_or(now).min(now + PROBE_INTERVAL);
    // Rounded up: a poll that ends a fraction of a millisecond early would spin.
    let left = next.saturating_duration_since(now) + Duration::from_millis(1);
    let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
    let mut events = vec![PollFd::new(fleet.signals.as_fd(), PollFlags::POLLIN)];
    events.extend(fleet.servers.iter().flat_map(Watched::poll_fds));
    match poll(&mut events, timeout) {
        Ok(_) => Ok(events[0].any().unwrap_or(false)),
        Err(Errno::EINTR) => Ok(false),
        Err(errno) => Err(errno).context("cannot wait"),
    }
}

/// Checks every server; `slept` is the time since the last check.
fn check_all(fleet: &mut Fleet<'_>, now: Instant, slept: Duration) {
    for server in &mut fleet.servers {
        if slept > SLEPT {
            server.extend_deadlines(slept);
        }
        if fleet.board.take_silence_report(server.number) {
            warn!("the dispatcher gets no answer from {}", server.child);
            server.probe_soon(now);
        }
        server.check(now, fleet.board.accepted(server.number));
    }
}

/// Restarts a server, unless that would not help.
fn restart(fleet: &mut Fleet<'_>, number: Number, ended: &Ended) -> anyhow::Result<()> {
    if number == RESERVATION && has_failed(ended) {
        bail!("{ended}, and another one would do no better: stopping");
    }
    let counted = fleet.servers[number].count_restart(Instant::now());
    counted.with_context(|| format!("{ended}, and this is enough"))?;
    warn!("{ended}: starting it again");
    fleet.start(number)
}

/// Whether its exit status says that no server can go on: the disk fails, or another process writes.
fn has_failed(ended: &Ended) -> bool {
    matches!(ended.status, WaitStatus::Exited(_, status) if status == i32::from(FAILED))
}

/// Ends all servers: the dispatcher first, so that no client is sent to a server that stops, and
/// then those behind it.
fn stop(fleet: &mut Fleet<'_>) -> anyhow::Result<()> {
    fleet.board.set_ending();
    let mut failed = Ok(());
    for server in &mut fleet.servers {
        // A server that has ended before the stop is no error, unless its sync has failed.
        match server.child.reap()? {
            Some(ended) if server.number == RESERVATION && has_failed(&ended) => {
                failed = Err(anyhow!("{ended}"));
            }
            _ => {}
        }
        server.cancel_probe();
    }
    let behind: Vec<Number> = (RESERVATION..fleet.servers.len()).collect();
    let front = end(fleet, &[DISPATCHER], DISPATCHER_STOP_MAX);
    let back = end(fleet, &behind, STOP_MAX);
    failed.and(front).and(back)
}

/// Ends some servers, and waits for them. Kills those that are still there after `stop_max`.
fn end(fleet: &mut Fleet<'_>, numbers: &[Number], stop_max: Duration) -> anyhow::Result<()> {
    let deadline = Instant::now() + stop_max;
    let mut faults = Vec::new();
    for &number in numbers {
        fleet.servers[number].child.terminate()?;
    }
    loop {
        let mut are_left = false;
        for &number in numbers {
            let child = &mut fleet.servers[number].child;
            match child.reap()? {
                // A server that crashes is restarted. At a stop that is not needed, and no error.
                Some(ended) if matches!(ended.status, WaitStatus::Signaled(..)) => {
                    warn!("{ended} while it was to stop");
                }
                Some(ended) if !ended.is_clean() => faults.push(ended.to_string()),
                _ => {}
            }
            are_left |= child.is_running();
        }
        let time = deadline.saturating_duration_since(Instant::now());
        if !are_left || time.is_zero() {
            break;
        }
        fleet.signals.wait(time)?;
    }
    faults.extend(fleet.kill(numbers));
    ensure!(faults.is_empty(), "{}", faults.join(" and "));
    Ok(())
}
