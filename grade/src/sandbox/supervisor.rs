//! A thread of a box's first process: it collects orphans, and ends a submission that takes too much
//! memory or time of the processors.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;

use crate::sandbox::processes::{Census, Found, proportional};

/// How often it looks: in this time two processors fill some 50 MB.
const PERIOD: Duration = Duration::from_millis(10);
/// With many processes a look takes long, and then it looks less often: it may take this part of a
/// processor.
const PART: u32 = 20;
/// More processes that run, seen at each look for so long, leave nothing of the processors to the
/// submissions beside this one.
const RUNNING_MAX: usize = 64;
const CROWD_MAX: Duration = Duration::from_secs(1);
/// How long killed processes may take to be gone.
const DEATH: Duration = Duration::from_secs(30);

/// What the thread and its owner share.
#[derive(Clone, Debug)]
pub(crate) struct Supervisor {
    pub(crate) census: Census,
    memory_bytes: u64,
    /// The sum that was too much; 0: none was.
    exceeded: Arc<AtomicU64>,
}

impl Supervisor {
    /// Begins to watch.
    ///
    /// # Errors
    /// EAGAIN: there can be no thread.
    pub(crate) fn start(census: Census, memory_bytes: u64) -> io::Result<Supervisor> {
        let supervisor = Supervisor { census, memory_bytes, exceeded: Arc::new(AtomicU64::new(0)) };
        let watching = supervisor.clone();
        thread::Builder::new().name("supervisor".to_owned()).spawn(move || {
            let mut calm = Instant::now();
            loop {
                let begin = Instant::now();
                // Without /proc nothing can be seen; the box has a time limit all the same.
                if watching.watch(calm).unwrap_or(0) <= RUNNING_MAX {
                    calm = Instant::now();
                }
                thread::sleep(PERIOD.max(begin.elapsed() * PART));
            }
        })?;
        Ok(supervisor)
    }

    /// How many bytes the submission had when it was killed for them.
    pub(crate) fn exceeded(&self) -> Option<u64> {
        Some(self.exceeded.load(Ordering::Acquire)).filter(|bytes| *bytes > 0)
    }

    /// Looks once, and says how many processes run; until `calm` they were few.
    fn watch(&self, calm: Instant) -> io::Result<usize> {
        let known = self.census.children.hold();
        let found = self.census.take()?;
        collect(&found, &known);
        drop(known);
        let n_running = found.iter().filter(|process| process.state == 'R').count();
        if n_running > RUNNING_MAX && calm.elapsed() > CROWD_MAX {
            kill_all();
        }
        let bytes: u64 = found.iter().map(|process| process.memory_bytes).sum();
        if bytes <= self.memory_bytes {
            return Ok(n_running);
        }
        // Some have the same pages; the exact sum takes longer.
        let bytes: u64 = found.iter().filter_map(|process| proportional(process.pid)).sum();
        if bytes > self.memory_bytes {
            self.exceeded.fetch_max(bytes, Ordering::AcqRel);
            kill_all();
        }
        Ok(n_running)
    }

    /// Kills all processes but this one, and waits until the submission has none.
    ///
    /// # Errors
    /// Some are still there.
    pub(crate) fn end_all(&self) -> io::Result<()> {
        let deadline = Instant::now() + DEATH;
        loop {
            kill_all();
            let known = self.census.children.hold();
            let mut found = self.census.take()?;
            collect(&found, &known);
            // Others have dead parents, and come to this process in a moment.
            found.retain(|process| !process.is_zombie());
            drop(known);
            if found.is_empty() {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(io::Error::other(format!("{} processes do not end", found.len())));
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Kills all processes but this one, and those that they are about to make.
fn kill_all() {
    // ESRCH: there is nobody.
    let _ = kill(Pid::from_raw(-1), Signal::SIGKILL);
}

/// Collects zombies that came to this process because their parents ended.
fn collect(found: &[Found], known: &BTreeSet<i32>) {
    for process in found {
        if process.is_zombie() && process.parent == 1 && !known.contains(&process.pid) {
            // Nothing depends on how it ended.
            let _ = waitpid(Pid::from_raw(process.pid), Some(WaitPidFlag::WNOHANG));
        }
    }
}
