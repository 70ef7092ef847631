//! Forked workers: started while the process has one thread, reaped when they end, and never
//! outliving their parent.

use std::fmt;
use std::io::{self, PipeReader, PipeWriter, Read, Write, pipe};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use common::program::signals::Signals;
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use tracing::warn;

use crate::process::fork::fork;
use crate::sys;

/// Workers of one server: one that consults, and one that reserves.
const WORKERS_MAX: usize = 2;
/// How long a killed process may take to die.
const DEATH_MAX: Duration = Duration::from_millis(200);
/// How often to look whether it has died. SIGCHLD may be blocked, or meant for others.
const DEATH_POLL: Duration = Duration::from_millis(1);

/// The workers of one server. Dropping this kills those that still run.
#[derive(Debug)]
pub struct Workers {
    /// Not on the heap: a page of it that is written after a fork exists twice.
    running: [Option<(Pid, &'static str)>; WORKERS_MAX],
    reports: PipeReader,
    /// Dropped when every worker has its copy. Otherwise the pipe would not end when the workers
    /// are gone.
    reporter: Option<PipeWriter>,
}

/// With this a worker reports that it can serve.
#[derive(Debug)]
pub struct Ready(PipeWriter);

impl Ready {
    /// A pipe for one report. The reader gets one byte, or the end of file if the worker ends before
    /// its report.
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
    /// If this process has more than one thread; EAGAIN, ENOMEM. See fork(2).
    ///
    /// # Panics
    /// If there are two workers already.
    pub fn start(
        &mut self,
        name: &'static str,
        body: impl FnOnce(Ready) -> anyhow::Result<()>,
    ) -> io::Result<()> {
        let reporter =
            self.reporter.as_ref().expect("workers are started before they are waited for");
        let ready = Ready(reporter.try_clone()?);
        let pid = fork(name, || {
            // A copy in a live worker would hide the death of one that has not reported.
            self.reporter = None;
            body(ready)
        })?;
        let free_slot = self.running.iter_mut().find(|slot| slot.is_none());
        *free_slot.expect("a server has two workers") = Some((pid, name));
        Ok(())
    }

    /// Waits until every worker has reported that it can serve.
    ///
    /// # Errors
    /// If one ends before.
    pub fn wait_ready(&mut self) -> anyhow::Result<()> {
        self.reporter = None;
        for _ in self.running.iter().flatten() {
            // All that can fail is that no worker is left who would report.
            let report = self.reports.read_exact(&mut [0]);
            ensure!(report.is_ok(), "a worker ended before it could serve: it has logged why");
        }
        Ok(())
    }

    /// Collects the workers that have ended. To be called on SIGCHLD: one signal may stand for
    /// several ends.
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
            if let Err(error) = kill_and_reap(pid) {
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

/// Kills a child that was not waited for yet, and waits for its end, 200 ms at most.
///
/// Not for ever: a process that waits for a disk that hangs dies only when the disk answers. Until
/// then it keeps the lock of DIR.
///
/// # Errors
/// If it is still there after that. See kill(2).
pub fn kill_and_reap(child: Pid) -> io::Result<()> {
    // SIGKILL also ends a stopped process. It was not waited for yet: the PID is its own.
    kill(child, Signal::SIGKILL)?;
    let deadline = Instant::now() + DEATH_MAX;
    loop {
        match waitpid(child, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) | Err(Errno::EINTR) => {}
            Ok(_) => return Ok(()),
            Err(errno) => return Err(errno.into()),
        }
        if Instant::now() >= deadline {
            return Err(io::Error::other("it waits for a device, and lives until that answers"));
        }
        sleep(DEATH_POLL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs in a process of one thread, as a test's is not.
    fn is_death_seen() -> anyhow::Result<bool> {
        let mut workers = Workers::new()?;
        workers.start("dies", |_| Ok(()))?;
        workers.start("lives", |ready| {
            ready.report()?;
            loop {
                std::thread::park();
            }
        })?;
        Ok(workers.wait_ready().is_err())
    }

    #[test]
    fn a_worker_that_dies_before_its_report_is_not_hidden_by_one_that_lives() {
        let Some(pid) = sys::fork_beside_threads().unwrap() else {
            sys::_exit(i32::from(!matches!(is_death_seen(), Ok(true))))
        };
        let child = Pid::from_raw(pid);
        assert_eq!(waitpid(child, None), Ok(WaitStatus::Exited(child, 0)));
    }
}
