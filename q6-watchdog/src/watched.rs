//! A server as its watchdog sees it: when it was started, whether it is ready, and when it gave its
//! last sign of life.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use common::request::Request;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use q1_pipes::fifo;
use q1_pipes::workers::{self, Ended, Ready};
use q5_sockets::listeners::Listeners;
use tracing::{info, warn};

use crate::board::Number;
use crate::channel::Pair;
use crate::probe::{Probe, Progress};

/// How often a server is asked for a sign of life.
pub const PROBE_INTERVAL: Duration = Duration::from_millis(500);
/// A server that has given none for so long hangs, and is killed.
///
/// Counted from the last sign, not from the question: so the wait for the next question is no part
/// of the time that clients wait.
pub const SILENCE_MAX: Duration = Duration::from_secs(2);
/// How long a server may take to get ready: it writes and syncs the data file.
pub const START_MAX: Duration = Duration::from_secs(5);
/// Restarts of one server within [`RESTARTS_TIME`] at most: what kills it again is no accident.
pub const RESTARTS_MAX: usize = 5;
/// See [`RESTARTS_MAX`].
pub const RESTARTS_TIME: Duration = Duration::from_secs(10);

/// One of the servers, started or not.
#[derive(Debug)]
pub struct Watched {
    /// Which one.
    pub number: Number,
    /// Its name in `ps`, and in the names of its FIFOs.
    pub name: String,
    /// Where it listens: open in the watchdog too, so that a restart keeps port and backlog.
    pub listeners: Listeners,
    /// Its FIFOs; the dispatcher has none of its own.
    pub pair: Option<Pair>,
    /// Whether it has said, since it was started last, that it can serve.
    pub is_ready: bool,
    address: SocketAddr,
    question: Request,
    pid: Option<Pid>,
    /// Where it says so.
    report: Option<File>,
    was_killed: bool,
    started: Instant,
    last_life: Instant,
    next_probe: Instant,
    probe: Option<Probe>,
    restarts: VecDeque<Instant>,
}

impl Watched {
    /// One that is not started yet; `question` is what it is asked for a sign of life.
    ///
    /// # Errors
    /// ENOBUFS. See getsockname(2).
    pub fn new(
        number: Number,
        name: String,
        listeners: Listeners,
        pair: Option<Pair>,
        question: Request,
    ) -> io::Result<Watched> {
        let (address, now) = (listeners.addresses()?[0], Instant::now());
        Ok(Watched {
            number,
            name,
            listeners,
            pair,
            is_ready: false,
            address,
            question,
            pid: None,
            report: None,
            was_killed: false,
            started: now,
            last_life: now,
            next_probe: now,
            probe: None,
            restarts: VecDeque::new(),
        })
    }

    /// Forks it; `life` runs in the child.
    ///
    /// # Errors
    /// EAGAIN, ENOMEM, EMFILE. See fork(2).
    pub fn start(
        name: &str,
        life: impl FnOnce(Ready) -> anyhow::Result<()>,
    ) -> io::Result<(Pid, File)> {
        let (report, ready) = Ready::pipe()?;
        let report = File::from(OwnedFd::from(report));
        fifo::set_nonblocking(&report, true)?;
        Ok((workers::fork(&format!("q6 {name}"), || life(ready))?, report))
    }

    /// Notes that it was started.
    pub fn started(&mut self, (pid, report): (Pid, File)) {
        let now = Instant::now();
        (self.pid, self.report) = (Some(pid), Some(report));
        (self.is_ready, self.was_killed, self.probe) = (false, false, None);
        (self.started, self.last_life) = (now, now);
    }

    /// What to wait for on its behalf.
    pub fn poll_fds(&self) -> impl Iterator<Item = PollFd<'_>> {
        let report = self.report.iter();
        let report = report.map(|report| PollFd::new(report.as_fd(), PollFlags::POLLIN));
        report.chain(self.probe.iter().map(Probe::poll_fd))
    }

    /// When to look at it again, whatever happens.
    pub fn next_look(&self) -> Instant {
        let limit = if self.is_ready { SILENCE_MAX } else { START_MAX };
        let deadline = self.last_life + limit;
        if self.is_ready && self.probe.is_none() { deadline.min(self.next_probe) } else { deadline }
    }

    /// Looks for its report and its answer, asks if it is time, and kills it if it hangs.
    pub fn tend(&mut self, now: Instant) {
        self.receive_report(now);
        match self.probe.as_mut().map(Probe::advance) {
            None | Some(Progress::Waits) => {}
            Some(Progress::Answered) => self.life(now),
            Some(Progress::Lost(error)) => {
                info!("{}: a probe was lost: {error}", self.name);
                self.probe = None;
            }
        }
        if self.is_ready && self.probe.is_none() && now >= self.next_probe {
            self.ask(now);
        }
        let limit = if self.is_ready { SILENCE_MAX } else { START_MAX };
        let silence = now.saturating_duration_since(self.last_life);
        if silence >= limit && self.pid.is_some() && !self.was_killed {
            warn!("{}: no sign of life for {} ms", self.describe(), silence.as_millis());
            self.kill();
        }
    }

    /// Asks for a sign of life at the next occasion.
    pub fn suspect(&mut self, now: Instant) {
        self.next_probe = now;
    }

    /// Gives it more time: the watchdog itself did not look.
    pub fn forgive(&mut self, time: Duration) {
        self.last_life += time;
        self.next_probe += time;
    }

    fn receive_report(&mut self, now: Instant) {
        let Some(report) = &mut self.report else { return };
        match report.read(&mut [0]) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
            Ok(1) => {
                let took = now.saturating_duration_since(self.started);
                info!("{} serves on {} after {took:?}", self.describe(), self.address);
                self.is_ready = true;
                self.life(now);
            }
            // The end without a report: it is dead, and SIGCHLD says so too.
            _ => {}
        }
        self.report = None;
    }

    fn life(&mut self, now: Instant) {
        self.probe = None;
        self.last_life = now;
        self.next_probe = now + PROBE_INTERVAL;
    }

    fn ask(&mut self, now: Instant) {
        self.next_probe = now + PROBE_INTERVAL;
        match Probe::start(self.address, self.question) {
            Ok(probe) => self.probe = Some(probe),
            // A watchdog that cannot ask cannot judge.
            Err(error) => {
                warn!("cannot ask {} for a sign of life: {error}", self.name);
                self.life(now);
            }
        }
    }

    /// Collects it if it has ended; kills it if it was stopped. To be called on SIGCHLD, which
    /// counts neither.
    ///
    /// # Errors
    /// None that can happen. See waitpid(2).
    pub fn reap(&mut self) -> io::Result<Option<Ended>> {
        let Some(pid) = self.pid else { return Ok(None) };
        match waitpid(pid, Some(WaitPidFlag::WNOHANG | WaitPidFlag::WUNTRACED)) {
            Ok(WaitStatus::StillAlive) | Err(Errno::EINTR) => Ok(None),
            Ok(WaitStatus::Stopped(_, signal)) => {
                warn!("{} was stopped by {signal}", self.describe());
                self.kill();
                Ok(None)
            }
            Ok(status) => {
                (self.pid, self.report, self.probe, self.is_ready) = (None, None, None, false);
                Ok(Some(Ended { name: format!("q6 {}", self.name), status }))
            }
            Err(errno) => Err(errno.into()),
        }
    }

    /// Counts a restart.
    ///
    /// # Errors
    /// If there were too many lately.
    pub fn count_restart(&mut self, now: Instant) -> anyhow::Result<()> {
        let recent = |at: &Instant| now.saturating_duration_since(*at) < RESTARTS_TIME;
        self.restarts.retain(recent);
        ensure!(
            self.restarts.len() < RESTARTS_MAX,
            "{RESTARTS_MAX} restarts of q6 {} within {} s did not help",
            self.name,
            RESTARTS_TIME.as_secs()
        );
        self.restarts.push_back(now);
        Ok(())
    }

    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        self.pid.is_some()
    }

    /// Asks it to end.
    ///
    /// # Errors
    /// None that can happen: it is our child. See kill(2).
    pub fn terminate(&self) -> anyhow::Result<()> {
        let Some(pid) = self.pid else { return Ok(()) };
        kill(pid, Signal::SIGTERM).with_context(|| format!("cannot signal {}", self.describe()))
    }

    /// Ends it, whatever it is doing; SIGCHLD says when it has.
    pub fn kill(&mut self) {
        self.was_killed = true;
        // SIGKILL also ends a stopped process. It is our child and not yet reaped: the PID is its
        // own.
        if let Some(pid) = self.pid
            && let Err(errno) = kill(pid, Signal::SIGKILL)
        {
            warn!("cannot kill {}: {errno}", self.describe());
        }
    }

    /// Its name and process, for a message.
    pub fn describe(&self) -> String {
        match self.pid {
            Some(pid) => format!("q6 {}, process {pid},", self.name),
            None => format!("q6 {}", self.name),
        }
    }

    /// Ends it at once, and waits until it has.
    pub fn kill_and_wait(&mut self) {
        self.kill();
        if let Some(Err(errno)) = self.pid.take().map(|pid| waitpid(pid, None)) {
            warn!("cannot wait for q6 {}: {errno}", self.name);
        }
    }
}
