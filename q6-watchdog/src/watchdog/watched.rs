//! A server as its watchdog sees it: when it was started, whether it is ready, and when it last
//! showed that it is alive.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::ensure;
use common::protocol::request::Request;
use nix::poll::PollFd;
use q5_sockets::armour::listeners::Listeners;
use tracing::{info, warn};

use crate::channel::Pair;
use crate::watchdog::board::Number;
use crate::watchdog::child::Child;
use crate::watchdog::probe::{Probe, Progress};
use crate::watchdog::silence::{PROBE_INTERVAL, Silence};

/// Restarts of one server within [`RESTARTS_TIME`] at most. With more, another restart is no help.
const RESTARTS_MAX: usize = 5;
/// See [`RESTARTS_MAX`].
const RESTARTS_TIME: Duration = Duration::from_secs(10);

/// One of the servers, running or not.
#[derive(Debug)]
pub struct Watched {
    /// Which server.
    pub number: Number,
    /// Where it listens. Open in the watchdog too, so that a restart keeps port and backlog.
    pub listeners: Listeners,
    /// Its FIFOs; the dispatcher has none of its own.
    pub pair: Option<Pair>,
    /// The process that is the server now.
    pub child: Child,
    /// Whether it has reported that it can serve, since it was started last.
    pub is_ready: bool,
    address: SocketAddr,
    /// The request of a probe.
    question: Request,
    started: Instant,
    silence: Silence,
    next_probe: Instant,
    probe: Option<Probe>,
    restarts: VecDeque<Instant>,
}

impl Watched {
    /// A server that is not started yet.
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
        let address = listeners.addresses()?[0];
        let now = Instant::now();
        Ok(Watched {
            number,
            listeners,
            pair,
            child: Child::new(name.to_owned()),
            is_ready: false,
            address,
            question,
            started: now,
            silence: Silence::new(now),
            next_probe: now,
            probe: None,
            restarts: VecDeque::new(),
        })
    }

    /// Sets the process that is the server from now on.
    pub fn set_child(&mut self, child: Child) {
        let now = Instant::now();
        self.child = child;
        self.is_ready = false;
        self.started = now;
        self.set_alive(now);
    }

    /// What to poll: its report, and the answer to a probe.
    pub fn poll_fds(&self) -> impl Iterator<Item = PollFd<'_>> {
        self.child.poll_fd().into_iter().chain(self.probe.iter().map(Probe::poll_fd))
    }

    /// When to check it again, if nothing happens before.
    pub fn next_check(&self) -> Instant {
        if !self.child.is_alive() {
            // It was killed. SIGCHLD will tell when it has ended, which a slow disk may delay.
            return Instant::now() + PROBE_INTERVAL;
        }
        let deadline = self.silence.deadline(self.is_ready);
        if self.is_ready && self.probe.is_none() { deadline.min(self.next_probe) } else { deadline }
    }

    /// Receives its report and its answer, sends a probe if one is due, and kills it if it hangs.
    /// `accepted` is how many connections it has accepted so far.
    pub fn check(&mut self, now: Instant, accepted: u64) {
        self.silence.set_accepted(accepted, now);
        if self.child.take_report() {
            self.is_ready = true;
            let took = now.saturating_duration_since(self.started);
            info!("{} serves on {} after {took:?}", self.child, self.address);
            self.set_alive(now);
        }
        match self.probe.as_mut().map(Probe::advance) {
            None | Some(Progress::Waiting) => {}
            Some(Progress::Answered) => self.set_alive(now),
            Some(Progress::Lost(error)) => {
                info!("{} has lost a probe: {error}", self.child);
                if self.probe.take().is_some_and(|probe| probe.is_sent()) {
                    self.silence.set_delivered(0, now);
                }
            }
        }
        if self.probe.as_ref().is_some_and(Probe::is_delivered) {
            self.silence.set_delivered(self.listeners.waiting().unwrap_or(0), now);
        }
        if self.is_ready && self.probe.is_none() && now >= self.next_probe {
            self.start_probe(now);
        }
        if now >= self.silence.deadline(self.is_ready) && self.child.is_alive() {
            let silence = self.silence.time(now);
            warn!("{} gives no sign of life for {} ms", self.child, silence.as_millis());
            self.child.kill();
        }
    }

    /// Has the next check send a probe.
    pub fn probe_soon(&mut self, now: Instant) {
        self.next_probe = now;
    }

    /// Moves its deadlines by the time for which the watchdog itself did not run.
    pub fn extend_deadlines(&mut self, time: Duration) {
        self.silence.extend(time, Instant::now());
        self.next_probe += time;
    }

    /// Drops the probe under way: a server that is to stop need not wait for this connection.
    pub fn cancel_probe(&mut self) {
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

    fn set_alive(&mut self, now: Instant) {
        self.probe = None;
        self.silence.end(now);
        self.next_probe = now + PROBE_INTERVAL;
    }

    fn start_probe(&mut self, now: Instant) {
        self.next_probe = now + PROBE_INTERVAL;
        match Probe::start(self.address, self.question) {
            Ok(probe) => self.probe = Some(probe),
            // A watchdog that cannot ask must not kill either.
            Err(error) => {
                warn!("cannot ask {} for a sign of life: {error}", self.child);
                self.set_alive(now);
            }
        }
    }
}
