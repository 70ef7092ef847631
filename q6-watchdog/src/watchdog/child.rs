//! A child process of the watchdog: forked, and then reported dead or stopped to nobody else.

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
    /// None when it has ended and was waited for.
    pid: Option<Pid>,
    /// Where it says that it is ready; None when it has, or cannot any more.
    report: Option<File>,
    was_killed: bool,
}

impl Child {
    /// One that is not forked yet, to show as `name` in `ps`.
    pub fn new(name: String) -> Child {
        Child { name, pid: None, report: None, was_killed: false }
    }

    /// Forks one; `life` runs in it.
    ///
    /// # Errors
    /// EAGAIN, ENOMEM, EMFILE. See fork(2).
    pub fn fork(name: String, life: impl FnOnce(Ready) -> anyhow::Result<()>) -> io::Result<Child> {
        let (report, ready) = Ready::pipe()?;
        let report = File::from(OwnedFd::from(report));
        fifo::set_nonblocking(&report, true)?;
        let pid = fork(&name, || life(ready))?;
        Ok(Child { name, pid: Some(pid), report: Some(report), was_killed: false })
    }

    /// What to wait for on its behalf.
    pub fn poll_fd(&self) -> Option<PollFd<'_>> {
        self.report.as_ref().map(|report| PollFd::new(report.as_fd(), PollFlags::POLLIN))
    }

    /// Whether it has reported just now that it is ready.
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
            // The end without a report: it is dead, and SIGCHLD says so too.
            Ok(len) => len == 1,
            // Nobody will know whether it serves.
            Err(error) => {
                error!("cannot read the report of {}: {error}", self.name);
                self.kill();
                false
            }
        }
    }

    /// Collects it if it has ended, and kills it if it was stopped; to be called on SIGCHLD, which
    /// tells both and counts neither.
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
                (self.pid, self.report) = (None, None);
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

    /// Ends it, whatever it is doing; SIGCHLD says when it has.
    pub fn kill(&mut self) {
        self.was_killed = true;
        // SIGKILL also ends a stopped process. It is our child and not yet waited for: the PID is
        // its own.
        if let Some(Err(errno)) = self.pid.map(|pid| kill(pid, Signal::SIGKILL)) {
            warn!("cannot kill {}: {errno}", self.name);
        }
    }

    /// Ends it at once, and waits until it has.
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
