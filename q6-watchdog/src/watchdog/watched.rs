//! A server as its watchdog sees it: when it was started, whether it is ready, and when it gave its
//! last sign of life.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::ensure;
use common::request::Request;
use nix::poll::PollFd;
use q5_sockets::armour::listeners::Listeners;
use tracing::{info, warn};

use crate::channel::Pair;
use crate::watchdog::board::Number;
use crate::watchdog::child::Child;
use crate::watchdog::probe::{Probe, Progress};

/// How often a server is asked for a sign of life.
pub const PROBE_INTERVAL: Duration = Duration::from_millis(500);
/// A server that has given none for so long hangs, and is killed.
///
/// Counted from the last sign, not from the question: so the wait for the next question adds nothing
/// to the time for which clients wait.
const SILENCE_MAX: Duration = Duration::from_secs(2);
/// How long a server may take to get ready: the reservation server syncs the data file.
const START_MAX: Duration = Duration::from_secs(5);
/// Restarts of one server within [`RESTARTS_TIME`] at most: what kills it again is no accident.
const RESTARTS_MAX: usize = 5;
/// See [`RESTARTS_MAX`].
const RESTARTS_TIME: Duration = Duration::from_secs(10);

/// One of the servers, running or not.
#[derive(Debug)]
pub struct Watched {
    /// Which one.
    pub number: Number,
    /// Where it listens: open in the watchdog too, so that a restart keeps port and backlog.
    pub listeners: Listeners,
    /// Its FIFOs; the dispatcher has none of its own.
    pub pair: Option<Pair>,
    /// The process that is the server now.
    pub child: Child,
    /// Whether it has said, since it was started last, that it can serve.
    pub is_ready: bool,
    address: SocketAddr,
    /// What it is asked for a sign of life.
    question: Request,
    started: Instant,
    last_life: Instant,
    next_probe: Instant,
    probe: Option<Probe>,
    restarts: VecDeque<Instant>,
}

impl Watched {
    /// One that is not started yet.
    ///
    /// # Errors
    /// ENOBUFS. See getsockname(2).
    pub fn new(
        number: Number,
        name: &str,
        listeners: Listeners,
        pair: Option<Pair>,
        question: Request,
    ) -> io::Result<Watched> {
        let (address, now) = (listeners.addresses()?[0], Instant::now());
        Ok(Watched {
            number,
            listeners,
            pair,
            child: Child::new(name.to_owned()),
            is_ready: false,
            address,
            question,
            started: now,
            last_life: now,
            next_probe: now,
            probe: None,
            restarts: VecDeque::new(),
        })
    }

    /// Notes that it was started.
    pub fn set_child(&mut self, child: Child) {
        let now = Instant::now();
        (self.child, self.is_ready, self.probe) = (child, false, None);
        (self.started, self.last_life) = (now, now);
    }

    /// What to wait for on its behalf.
    pub fn poll_fds(&self) -> impl Iterator<Item = PollFd<'_>> {
        self.child.poll_fd().into_iter().chain(self.probe.iter().map(Probe::poll_fd))
    }

    /// When to look at it again, whatever happens.
    pub fn next_look(&self) -> Instant {
        if !self.child.is_alive() {
            // It was killed, and SIGCHLD will say when it has died: a disk may hold it.
            return Instant::now() + PROBE_INTERVAL;
        }
        let deadline = self.last_life + self.silence_max();
        if self.is_ready && self.probe.is_none() { deadline.min(self.next_probe) } else { deadline }
    }

    /// Looks for its report and its answer, asks if it is time, and kills it if it hangs.
    pub fn tend(&mut self, now: Instant) {
        if self.child.take_report() {
            self.is_ready = true;
            let took = now.saturating_duration_since(self.started);
            info!("{} serves on {} after {took:?}", self.child, self.address);
            self.live(now);
        }
        match self.probe.as_mut().map(Probe::advance) {
            None | Some(Progress::Waits) => {}
            Some(Progress::Answered) => self.live(now),
            Some(Progress::Lost(error)) => {
                info!("{} has lost a probe: {error}", self.child);
                self.probe = None;
            }
        }
        if self.is_ready && self.probe.is_none() && now >= self.next_probe {
            self.ask(now);
        }
        let silence = now.saturating_duration_since(self.last_life);
        if silence >= self.silence_max() && self.child.is_alive() {
            warn!("{} gives no sign of life for {} ms", self.child, silence.as_millis());
            self.child.kill();
        }
    }

    /// Asks for a sign of life at the next occasion.
    pub fn suspect(&mut self, now: Instant) {
        self.next_probe = now;
    }

    /// Gives it more time: the watchdog itself did not look.
    pub fn forgive(&mut self, time: Duration) {
        // One that was started just now was not waited for.
        self.last_life = (self.last_life + time).min(Instant::now());
        self.next_probe += time;
    }

    /// Asks no more: it is to stop, and need not wait for us.
    pub fn leave(&mut self) {
        self.probe = None;
    }

    /// Counts a restart.
    ///
    /// # Errors
    /// If there were too many lately.
    pub fn count_restart(&mut self, now: Instant) -> anyhow::Result<()> {
        self.restarts.retain(|&at| now.saturating_duration_since(at) < RESTARTS_TIME);
        ensure!(
            self.restarts.len() < RESTARTS_MAX,
            "{RESTARTS_MAX} restarts within {} s did not help",
            RESTARTS_TIME.as_secs()
        );
        self.restarts.push_back(now);
        Ok(())
    }

    fn live(&mut self, now: Instant) {
        (self.probe, self.last_life) = (None, now);
        self.next_probe = now + PROBE_INTERVAL;
    }

    fn ask(&mut self, now: Instant) {
        self.next_probe = now + PROBE_INTERVAL;
        match Probe::start(self.address, self.question) {
            Ok(probe) => self.probe = Some(probe),
            // A watchdog that cannot ask cannot judge.
            Err(error) => {
                warn!("cannot ask {} for a sign of life: {error}", self.child);
                self.live(now);
            }
        }
    }

    fn silence_max(&self) -> Duration {
        // A connection that is not made yet says nothing of the server: the kernel makes it, unless
        // others keep the backlog full, and asks again only after a second.
        let connects = self.probe.as_ref().is_some_and(Probe::is_connecting);
        if self.is_ready && !connects { SILENCE_MAX } else { START_MAX }
    }
}
