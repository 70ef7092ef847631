//! A child process of the watchdog: the kernel reports its death or stop to its parent only.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};

use anyhow::Context;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use q1_pipes::fifo;
use q1_pipes::process::fork::fork;
use q1_pipes::process::workers::{Ended, Ready, kill_and_reap};
use tracing::{error, warn};

/// A process that runs, or has ended and may be followed by another.
#[derive(Debug)]
pub struct Child {
    name: String,
    /// None if it has ended and was waited for.
    pid: Option<Pid>,
    /// Where it reports that it is ready; None after the report, or if it cannot report any more.
    report: Option<File>,
    was_killed: bool,
}

impl Child {
    /// A child that is not forked yet. It will show as `name` in `ps`.
    pub fn new(name: String) -> Child {
        Child { name, pid: None, report: None, was_killed: false }
    }

    /// Forks a child that runs `body`.
    ///
    /// # Errors
    /// EAGAIN, ENOMEM, EMFILE. See fork(2).
    pub fn fork(name: String, body: impl FnOnce(Ready) -> anyhow::Result<()>) -> io::Result<Child> {
        let (report, ready) = Ready::pipe()?;
        let report = File::from(OwnedFd::from(report));
        fifo::set_nonblocking(&report, true)?;
        let pid = fork(&name, || body(ready))?;
        Ok(Child { name, pid: Some(pid), report: Some(report), was_killed: false })
    }

    /// What to poll: its report.
    pub fn poll_fd(&self) -> Option<PollFd<'_>> {
        self.report.as_ref().map(|report| PollFd::new(report.as_fd(), PollFlags::POLLIN))
    }

    /// Reads its report. True if it has just reported that it is ready.
    pub fn take_report(&mut self) -> bool {
        let Some(report) = &mut self.report else { return false };
        let read = loop {
            match report.read(&mut [0]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                read => break read,
            }
        };
        self.report = None;
        match read {
            // 0 bytes: it has died without a report, and SIGCHLD will tell.
            Ok(len) => len == 1,
            // Without the report nobody knows whether it serves.
            Err(error) => {
                error!("cannot read the report of {}: {error}", self.name);
                self.kill();
                false
            }
        }
    }

    /// Waits for it if it has ended, and kills it if it was stopped. To be called on SIGCHLD, which
    /// tells both; several signals may arrive as one.
    ///
    /// # Errors
    /// None that can happen. See waitpid(2).
    pub fn reap(&mut self) -> anyhow::Result<Option<Ended>> {
        let Some(pid) = self.pid else { return Ok(None) };
        match waitpid(pid, Some(WaitPidFlag::WNOHANG | WaitPidFlag::WUNTRACED)) {
            Ok(WaitStatus::StillAlive) | Err(Errno::EINTR) => Ok(None),
            Ok(WaitStatus::Stopped(_, signal)) => {
                warn!("{self} was stopped by {signal}");
                self.kill();
                Ok(None)
            }
            Ok(status) => {
                self.pid = None;
                self.report = None;
                Ok(Some(Ended { name: self.name.clone(), status }))
            }
            Err(errno) => Err(errno).with_context(|| format!("cannot wait for {}", self.name)),
        }
    }

    /// Whether it runs, and was not killed by us.
    pub fn is_alive(&self) -> bool {
        self.is_running() && !self.was_killed
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
        kill(pid, Signal::SIGTERM).with_context(|| format!("cannot signal {}", self.name))
    }

    /// Kills it, whatever it is doing. SIGCHLD tells when it has ended.
    pub fn kill(&mut self) {
        self.was_killed = true;
        // SIGKILL also ends a stopped process. The PID is still its own, because it is our child and
        // was not waited for.
        if let Some(Err(errno)) = self.pid.map(|pid| kill(pid, Signal::SIGKILL)) {
            warn!("cannot kill {}: {errno}", self.name);
        }
    }

    /// Kills it, and waits until it has ended.
    pub fn kill_and_wait(&mut self) {
        self.was_killed = true;
        if let Some(Err(error)) = self.pid.take().map(kill_and_reap) {
            warn!("cannot end {}: {error}", self.name);
        }
    }
}

impl std::fmt::Display for Child {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.pid {
            Some(pid) => write!(f, "{}, process {pid},", self.name),
            None => write!(f, "{}", self.name),
        }
    }
}
