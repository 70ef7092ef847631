//! Forked workers: started before any thread exists, reaped as they end, and never outliving their
//! parent.

use std::fmt;
use std::io::{self, PipeReader, PipeWriter, Read, Write, pipe};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use anyhow::{Context, bail, ensure};
use common::process;
use common::signals::Signals;
use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, getppid};
use tracing::{error, warn};

use crate::{death, sys};

/// The exit status of a worker that panicked, the one Rust gives a whole process.
const PANICKED: i32 = 101;

/// The workers of one server. Dropping this kills those that still run.
#[derive(Debug)]
pub struct Workers {
    running: Vec<(Pid, &'static str)>,
    reports: PipeReader,
    /// Only until every worker has its copy: this one would keep the pipe from ending when theirs
    /// are gone.
    reporter: Option<PipeWriter>,
}

/// With this a worker reports that it can serve.
#[derive(Debug)]
pub struct Ready(PipeWriter);

impl Ready {
    /// A report to come, and the end at which it will: one byte, or none if the worker ends before.
    ///
    /// # Errors
    /// EMFILE, ENFILE. See pipe(2).
    pub fn pipe() -> io::Result<(PipeReader, Ready)> {
        let (reports, reporter) = pipe()?;
        Ok((reports, Ready(reporter)))
    }

    /// Reports it.
    ///
    /// # Errors
    /// EPIPE if the parent is gone.
    pub fn report(mut self) -> io::Result<()> {
        self.0.write_all(b"r")
    }
}

/// How a worker ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its name.
    pub name: String,
    /// What waitpid(2) says.
    pub status: WaitStatus,
}

impl Ended {
    /// Whether the worker left by itself with status 0.
    pub fn is_clean(&self) -> bool {
        matches!(self.status, WaitStatus::Exited(_, 0))
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            WaitStatus::Exited(pid, status) => {
                write!(f, "{}, process {pid}, exited with status {status}", self.name)
            }
            WaitStatus::Signaled(pid, signal, _) => {
                write!(f, "{}, process {pid}, was killed by {signal}", self.name)
            }
            other => write!(f, "{} ended: {other:?}", self.name),
        }
    }
}

impl Workers {
    /// No worker yet.
    ///
    /// # Errors
    /// EMFILE, ENFILE. See pipe(2).
    pub fn new() -> io::Result<Workers> {
        sys::default_sigchld()?;
        let (reports, reporter) = pipe()?;
        Ok(Workers { running: Vec::new(), reports, reporter: Some(reporter) })
    }

    /// Forks a worker that shows as `name` in `ps` and runs `body`; its exit status is 0 if `body`
    /// succeeds.
    ///
    /// # Errors
    /// EAGAIN, ENOMEM. See fork(2).
    pub fn start(
        &mut self,
        name: &'static str,
        body: impl FnOnce(Ready) -> anyhow::Result<()>,
    ) -> io::Result<()> {
        let reporter =
            self.reporter.as_ref().expect("workers are started before they are waited for");
        let ready = Ready(reporter.try_clone()?);
        let pid = fork(name, || {
            // Held by a worker that lives, it would hide the death of one that has not reported.
            self.reporter = None;
            body(ready)
        })?;
        self.running.push((pid, name));
        Ok(())
    }

    /// Waits until every worker has reported that it can serve.
    ///
    /// # Errors
    /// If one ends before.
    pub fn wait_ready(&mut self) -> anyhow::Result<()> {
        self.reporter = None;
        let mut reports = vec![0; self.running.len()];
        self.reports.read_exact(&mut reports).context("a worker ended before it could serve")
    }

    /// Collects the workers that have ended; to be called on SIGCHLD, which does not count them.
    ///
    /// # Errors
    /// None that can happen. See waitpid(2).
    pub fn reap(&mut self) -> anyhow::Result<Vec<Ended>> {
        let mut ended = Vec::new();
        for (pid, name) in std::mem::take(&mut self.running) {
            match waitpid(pid, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) | Err(Errno::EINTR) => self.running.push((pid, name)),
                Ok(status) => ended.push(Ended { name: name.to_owned(), status }),
                Err(errno) => bail!("cannot wait for {name}, process {pid}: {errno}"),
            }
        }
        Ok(ended)
    }

    /// Sends a signal to those that still run.
    ///
    /// # Errors
    /// None that can happen: they are our children. See kill(2).
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        // One that has ended is a zombie until it is reaped, and can still be sent a signal.
        self.running.iter().try_for_each(|(pid, _)| Ok(kill(*pid, signal)?))
    }

    /// Waits until all workers have left by themselves; kills those that are still there at
    /// `deadline`.
    ///
    /// # Errors
    /// If one had to be killed, or did not end cleanly.
    pub fn wait_end(&mut self, signals: &Signals, deadline: Instant) -> anyhow::Result<()> {
        let mut ended = Vec::new();
        loop {
            ended.extend(self.reap()?);
            let left = deadline.saturating_duration_since(Instant::now());
            if self.running.is_empty() || left.is_zero() {
                break;
            }
            signals.wait(left)?;
        }
        let late: Vec<String> =
            self.running.iter().map(|(pid, name)| format!("{name}, process {pid}")).collect();
        self.kill();
        ensure!(late.is_empty(), "{} did not stop in time and was killed", late.join(" and "));
        if let Some(unclean) = ended.iter().find(|ended| !ended.is_clean()) {
            bail!("{unclean}");
        }
        Ok(())
    }

    fn kill(&mut self) {
        for (pid, name) in self.running.drain(..) {
            if let Err(error) = death::end_now(pid) {
                warn!("cannot end {name}, process {pid}: {error}");
            }
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Forks a process that shows as `name` in `ps`, runs `body` and dies with this one; its exit
/// status is 0 if `body` succeeds.
///
/// # Errors
/// EAGAIN, ENOMEM. See fork(2).
pub fn fork(name: &str, body: impl FnOnce() -> anyhow::Result<()>) -> io::Result<Pid> {
    let parent = Pid::this();
    match sys::fork()? {
        Some(pid) => Ok(Pid::from_raw(pid)),
        // The one place where a worker leaves: no destructor of the parent's runs in it.
        None => sys::_exit(live(parent, name, body)),
    }
}

/// A worker's life; returns its exit status.
fn live(parent: Pid, name: &str, body: impl FnOnce() -> anyhow::Result<()>) -> i32 {
    let result = catch_unwind(AssertUnwindSafe(|| {
        prctl::set_pdeathsig(Signal::SIGKILL)
            .context("cannot ask for a signal when the parent dies")?;
        // If the parent died before that call, there is no signal to come.
        ensure!(getppid() == parent, "the parent is gone");
        process::name(name).context("cannot name the process")?;
        body()
    }));
    match result {
        Ok(Ok(())) => 0,
        Ok(Err(error)) => {
            error!("{name}: {error:#}");
            i32::from(common::exit::FAILED)
        }
        // The panic hook has said where and why.
        Err(_) => PANICKED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_dies_before_its_report_is_not_hidden_by_one_that_lives() {
        let mut workers = Workers::new().unwrap();
        workers.start("dies", |_| Ok(())).unwrap();
        let lives = |ready: Ready| {
            ready.report().map(|()| {
                loop {
                    std::thread::park()
                }
            })
        };
        workers.start("lives", |ready| Ok(lives(ready)?)).unwrap();
        assert!(workers.wait_ready().is_err());
    }
}
