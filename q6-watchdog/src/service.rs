//! What the dispatcher and the secondary servers have in common: q5's threads for connections, and a
//! main thread that waits for the watchdog's orders.

use std::io;
use std::os::fd::AsFd;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use common::program::signals::Signals;
use common::protocol::request::Request;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use q1_pipes::process::workers::Ready;
use q3_threads::armour::workers::Workers;
use q5_sockets::armour::listeners::Listeners;
use q5_sockets::channel::Connection;
use q5_sockets::server::Service;
use q5_sockets::stream::Plain;
use tracing::debug;

use crate::channel::End;
use crate::options::ServerOptions;
use crate::watchdog::board::{Board, Number};

/// How long a stop takes requests that have arrived, and how long the threads may take to answer
/// them, on a disk that is slow too.
const STOP_MAX: (Duration, Duration) = (Duration::from_millis(300), Duration::from_millis(1200));
/// The same for the dispatcher: it ends first, and decides nothing.
const DISPATCHER_STOP_MAX: (Duration, Duration) =
    (Duration::from_millis(200), Duration::from_millis(500));

/// What every server inherits from the watchdog.
#[derive(Debug)]
pub struct Inherited<'a> {
    /// The command line.
    pub options: &'a ServerOptions,
    /// Which server it is.
    pub number: Number,
    /// What all servers share.
    pub board: Arc<Board>,
    /// SIGTERM ends the server.
    pub signals: &'a Signals,
    /// Where it listens.
    pub listeners: Listeners,
}

/// Serves connections until the watchdog sends SIGTERM; `answer` is called for each request.
/// `workers` are the server's other threads, and `end` is its side of the FIFOs, if it has some.
///
/// # Errors
/// If a thread cannot start, ends although nobody asked it to, or does not end in time.
pub fn serve(
    inherited: Inherited<'_>,
    mut workers: Workers,
    end: Option<End>,
    answer: impl Fn(&mut Connection, Request) -> io::Result<()> + Send + Sync + 'static,
    ready: Ready,
) -> anyhow::Result<()> {
    let Inherited { options, number, board, signals, listeners } = inherited;
    let port = listeners.addresses().context("cannot tell the address")?[0].port();
    let service =
        Service::new("q6 connection", listeners, options.max_connections, options.idle_timeout)?;
    let (shared, counts) = (service.clone(), board.clone());
    workers
        .start("q6 accept", move |ready| {
            ready.report()?;
            shared.serve(&Arc::new(Plain), move || counts.count_accepted(number), answer)
        })
        .context("cannot start a thread")?;
    workers.wait_ready()?;
    ready.report()?;
    // The dispatcher is the one without FIFOs of its own.
    let (answer_max, stop_max) = if end.is_some() { STOP_MAX } else { DISPATCHER_STOP_MAX };
    let watched = watch(signals, &mut workers, &board, end, port);
    // The sockets are closed only if all servers end. Otherwise a new process follows this one. It
    // inherits the same sockets, and accepts the connections that wait there.
    if !board.is_ending() {
        return watched;
    }
    watched.and(service.stop(signals, &mut workers, answer_max, stop_max))
}

/// The main thread: answers the dispatcher's pings, until the watchdog sends SIGTERM.
fn watch(
    signals: &Signals,
    workers: &mut Workers,
    board: &Board,
    mut end: Option<End>,
    port: u16,
) -> anyhow::Result<()> {
    loop {
        let mut events = vec![PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
        events.extend(end.iter().map(|end| PollFd::new(end.as_fd(), PollFlags::POLLIN)));
        match poll(&mut events, PollTimeout::NONE) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno).context("cannot wait"),
        }
        let has_signal = events[0].any().unwrap_or(false);
        if let Some(end) = &mut end {
            answer_pings(end, port)?;
        }
        // The signals are read only if there is one: otherwise this loop would spin when every
        // second read fails.
        if !has_signal {
            continue;
        }
        match signals.wait(Duration::ZERO)? {
            Some(Signal::SIGCHLD) => {
                if let Some(ended) = workers.reap().first() {
                    // By its exit status the watchdog knows a panic, and starts another server.
                    if ended.is_panic() {
                        resume_unwind(Box::new(ended.to_string()));
                    }
                    bail!("{ended}, and a server without it is none");
                }
            }
            // Ctrl-C reaches the whole process group, and anybody can send SIGTERM. Only the
            // watchdog sets `is_ending` first.
            Some(Signal::SIGTERM) if board.is_ending() => return Ok(()),
            _ => {}
        }
    }
}

/// Answers the pings of the dispatcher that have arrived.
fn answer_pings(end: &mut End, port: u16) -> io::Result<()> {
    while let Some(ping) = end.receive()? {
        if ping.port == 0
            && let Err(error) = end.send(ping.sequence.get(), port)
        {
            debug!("the dispatcher does not read: {error}");
        }
    }
    Ok(())
}
