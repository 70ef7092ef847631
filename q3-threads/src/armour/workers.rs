//! Worker threads: each reports its own end, because the kernel sends no signal when a thread ends. A
//! server without one of its workers stops.
//!
//! Stops: `ending::a_server_that_loses_a_part_of_itself_ends_with_an_error`.
//! Also `q3_threads::a_thread_that_fails_ends_the_whole_server_with_its_name`.

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::{Builder, ThreadId, current};
use std::time::Instant;

use anyhow::{Context, bail, ensure};
use common::program::signals::Signals;
use crossbeam_channel::{Receiver, Sender, unbounded};
use nix::unistd::gettid;
use tracing::error;

use crate::wake::wake;

/// Bytes of a thread's stack.
///
/// Only pages that were touched take memory; the rest of the stack is addresses. The default, 2 MiB
/// for each thread, is harmless for two threads, but not for hundreds.
pub const STACK_SIZE: usize = 128 * 1024;

/// The workers of one server. A thread cannot be killed: it ends with its process at the latest.
#[derive(Debug)]
pub struct Workers {
    running: Vec<(ThreadId, String)>,
    /// Two for each worker at most, so the channel needs no other bound.
    reports: Receiver<Report>,
    reporter: Sender<Report>,
}

#[derive(Debug)]
enum Report {
    Ready,
    Ended(Ended),
}

/// With this a worker reports that it can serve.
#[derive(Debug)]
pub struct Ready(Sender<Report>);

impl Ready {
    /// Reports it.
    ///
    /// # Errors
    /// If nobody waits for it any more.
    pub fn report(self) -> io::Result<()> {
        self.0.send(Report::Ready).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))
    }
}

/// How a worker ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    id: ThreadId,
    name: String,
    tid: i32,
    end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Returned,
    Failed,
    Panicked,
}

impl Ended {
    /// Whether the worker left by itself and without an error.
    pub fn is_clean(&self) -> bool {
        self.end == End::Returned
    }

    /// Whether it has panicked.
    pub fn is_panic(&self) -> bool {
        self.end == End::Panicked
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = match self.end {
            End::Returned => "has ended",
            End::Failed => "has failed",
            End::Panicked => "has panicked",
        };
        write!(f, "{}, thread {}, {end}", self.name, self.tid)
    }
}

impl Workers {
    /// No worker yet.
    pub fn new() -> Workers {
        let (reporter, reports) = unbounded();
        Workers { running: Vec::new(), reports, reporter }
    }

    /// Starts a thread that shows as `name` in `ps -L` and runs `body`.
    ///
    /// # Errors
    /// EAGAIN. See pthread_create(3).
    pub fn start(
        &mut self,
        name: &str,
        body: impl FnOnce(Ready) -> anyhow::Result<()> + Send + 'static,
    ) -> io::Result<()> {
        let ready = Ready(self.reporter.clone());
        let reporter = self.reporter.clone();
        let own_name = name.to_owned();
        let run = move || run_worker(&own_name, &reporter, || body(ready));
        let thread = Builder::new().name(name.to_owned()).stack_size(STACK_SIZE).spawn(run)?;
        self.running.push((thread.thread().id(), name.to_owned()));
        Ok(())
    }

    /// Waits until every worker has reported that it can serve.
    ///
    /// # Errors
    /// If one ends before.
    pub fn wait_ready(&mut self) -> anyhow::Result<()> {
        for _ in 0..self.running.len() {
            match self.reports.recv().context("the workers are gone")? {
                Report::Ready => {}
                Report::Ended(ended) => bail!("{ended} before it could serve"),
            }
        }
        Ok(())
    }

    /// Collects the workers that have ended. To be called on SIGCHLD: one signal may stand for
    /// several ends.
    pub fn reap(&mut self) -> Vec<Ended> {
        let mut ended = Vec::new();
        for report in self.reports.try_iter() {
            if let Report::Ended(end) = report {
                self.running.retain(|(id, _)| *id != end.id);
                ended.push(end);
            }
        }
        ended
    }

    /// Waits until all workers have left by themselves, until `deadline` at most.
    ///
    /// # Errors
    /// If one is still there, or did not end cleanly.
    pub fn wait_end(&mut self, signals: &Signals, deadline: Instant) -> anyhow::Result<()> {
        let mut ended = Vec::new();
        loop {
            ended.extend(self.reap());
            let left = deadline.saturating_duration_since(Instant::now());
            if self.running.is_empty() || left.is_zero() {
                break;
            }
            signals.wait(left)?;
        }
        let late: Vec<&str> = self.running.iter().map(|(_, name)| name.as_str()).collect();
        ensure!(late.is_empty(), "{} did not stop in time", late.join(" and "));
        if let Some(unclean) = ended.iter().find(|ended| !ended.is_clean()) {
            bail!("{unclean}");
        }
        Ok(())
    }
}

impl Default for Workers {
    fn default() -> Workers {
        Workers::new()
    }
}

/// What a worker's thread does; the last thing is to report its end.
fn run_worker(name: &str, reporter: &Sender<Report>, body: impl FnOnce() -> anyhow::Result<()>) {
    let end = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => End::Returned,
        Ok(Err(error)) => {
            error!("{name}: {error:#}");
            End::Failed
        }
        // The panic hook has said where and why.
        Err(_) => End::Panicked,
    };
    let id = current().id();
    let ended = Ended { id, name: name.to_owned(), tid: gettid().as_raw(), end };
    // The report first: the main thread must find it when the signal wakes it.
    if reporter.send(Report::Ended(ended)).is_ok() {
        wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::anyhow;
    use std::thread::yield_now;

    /// The ends of the workers that run `body`.
    fn ends(body: fn() -> anyhow::Result<()>) -> Vec<End> {
        let mut workers = Workers::new();
        let life = move |ready: Ready| {
            ready.report()?;
            body()
        };
        workers.start("a worker", life).unwrap();
        workers.wait_ready().unwrap();
        loop {
            let ended = workers.reap();
            if !ended.is_empty() {
                return ended.iter().map(|ended| ended.end).collect();
            }
            yield_now();
        }
    }

    #[test]
    fn every_end_of_a_worker_is_reported() {
        assert_eq!(ends(|| Ok(())), [End::Returned]);
        assert_eq!(ends(|| Err(anyhow!("no"))), [End::Failed]);
        assert_eq!(ends(|| panic!("a worker panics")), [End::Panicked]);
    }

    #[test]
    fn the_end_of_one_is_not_that_of_another_with_its_name() {
        let mut workers = Workers::new();
        let (release, released) = unbounded::<()>();
        let waits = move |_ready: Ready| Ok(released.recv()?);
        workers.start("twin", waits).unwrap();
        workers.start("twin", |_ready| Ok(())).unwrap();
        for left in [1, 0] {
            while workers.reap().is_empty() {
                yield_now();
            }
            assert_eq!(workers.running.len(), left);
            let _ = release.send(());
        }
    }

    #[test]
    fn a_worker_that_ends_before_it_can_serve_is_named() {
        let mut workers = Workers::new();
        workers.start("a worker", |_ready| Err(anyhow!("no"))).unwrap();
        let error = workers.wait_ready().unwrap_err().to_string();
        assert!(error.starts_with("a worker, thread ") && error.contains("failed"), "{error}");
    }
}
