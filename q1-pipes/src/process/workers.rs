//! Forked workers: started before any thread exists, reaped as they end, and never outliving their
//! parent.

use std::fmt;
use std::io::{self, PipeReader, PipeWriter, Read, Write, pipe};
use std::time::Instant;

use anyhow::{Context, bail, ensure};
use common::signals::Signals;
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use tracing::warn;

use crate::process::death;
use crate::process::fork::fork;
use crate::sys;

/// Workers of one server: one that consults, and one that reserves.
const WORKERS_MAX: usize = 2;

/// The workers of one server. Dropping this kills those that still run.
#[derive(Debug)]
pub struct Workers {
    /// Not on the heap, of which a page that is written after a fork is one page more.
    running: [Option<(Pid, &'static str)>; WORKERS_MAX],
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
        Ok(Workers { running: [None; WORKERS_MAX], reports, reporter: Some(reporter) })
    }

    /// Forks a worker that shows as `name` in `ps` and runs `body`; its exit status is 0 if `body`
    /// succeeds.
    ///
    /// # Errors
    /// EAGAIN, ENOMEM. See fork(2).
    ///
    /// # Panics
    /// If it is one too many.
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
        let place = self.running.iter_mut().find(|place| place.is_none());
        *place.expect("a server has two workers") = Some((pid, name));
        Ok(())
    }

    /// Waits until every worker has reported that it can serve.
    ///
    /// # Errors
    /// If one ends before.
    pub fn wait_ready(&mut self) -> anyhow::Result<()> {
        self.reporter = None;
        for _ in self.running.iter().flatten() {
            let report = self.reports.read_exact(&mut [0]);
            report.context("a worker ended before it could serve")?;
        }
        Ok(())
    }

    /// Collects the workers that have ended; to be called on SIGCHLD, which does not count them.
    ///
    /// # Errors
    /// None that can happen. See waitpid(2).
    pub fn reap(&mut self) -> anyhow::Result<Vec<Ended>> {
        let mut ended = Vec::new();
        for worker in &mut self.running {
            let Some((pid, name)) = *worker else { continue };
            match waitpid(pid, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) | Err(Errno::EINTR) => {}
                Ok(status) => {
                    *worker = None;
                    ended.push(Ended { name: name.to_owned(), status });
                }
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
        self.running.iter().flatten().try_for_each(|(pid, _)| Ok(kill(*pid, signal)?))
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
            if self.running == [None; WORKERS_MAX] || left.is_zero() {
                break;
            }
            signals.wait(left)?;
        }
        let running = self.running.iter().flatten();
        let late: Vec<String> =
            running.map(|(pid, name)| format!("{name}, process {pid}")).collect();
        self.kill();
        ensure!(late.is_empty(), "{} did not stop in time and was killed", late.join(" and "));
        if let Some(unclean) = ended.iter().find(|ended| !ended.is_clean()) {
            bail!("{unclean}");
        }
        Ok(())
    }

    fn kill(&mut self) {
        for (pid, name) in self.running.iter_mut().filter_map(Option::take) {
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
