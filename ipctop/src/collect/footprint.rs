//! How much memory processes have. Counting it walks through all their pages: not at each look.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::collect::activity;
use crate::collect::index::Index;
use crate::collect::table::{contents, field};
use crate::model::process::{Memory, Process};

/// How long a count is good, at least.
const EVERY: Duration = Duration::from_secs(5);
/// CPU time for counting in one look among many; one process is always counted.
pub(crate) const BUDGET: Duration = Duration::from_millis(1);

/// The memory of processes when it was last counted.
#[derive(Debug, Default)]
pub(crate) struct Footprints {
    counted: HashMap<i32, Count>,
}

/// A count.
#[derive(Clone, Copy, Debug)]
struct Count {
    started: u64,
    cpu_ns: Option<u64>,
    at: Instant,
    memory: Option<Memory>,
}

impl Footprints {
    /// Tells processes their memory. It is counted anew where the last count is old and the process
    /// has run since: first where it was not counted yet, then where the count is oldest, until so
    /// much CPU time is used.
    pub(crate) fn tell(
        &mut self,
        processes: &mut [Process],
        open: &Index,
        now: Instant,
        budget: Duration,
    ) {
        let mut old = std::mem::take(&mut self.counted);
        let mut due = Vec::new();
        for (at, process) in processes.iter().enumerate() {
            let cpu_ns = open.get(process.pid).and_then(|known| known.cpu_ns);
            let last = old.remove(&process.pid).filter(|last| last.started == process.started);
            let is_due = last.is_none_or(|last| {
                let has_run = cpu_ns.is_none() || cpu_ns != last.cpu_ns;
                has_run && now.duration_since(last.at) >= EVERY
            });
            if is_due {
                due.push((last.map(|last| last.at), at, cpu_ns));
            }
            self.counted.extend(last.map(|last| (process.pid, last)));
        }
        due.sort_unstable();
        let begin = activity::own_cpu_time();
        for (_, at, cpu_ns) in due {
            let Process { pid, started, .. } = processes[at];
            let memory = count(pid);
            self.counted.insert(pid, Count { started, cpu_ns, at: now, memory });
            if activity::own_cpu_time().saturating_sub(begin) >= budget {
                break;
            }
        }
        for process in processes {
            process.memory = self.counted.get(&process.pid).and_then(|count| count.memory);
        }
    }
}

fn count(pid: i32) -> Option<Memory> {
    let text = contents(&format!("/proc/{pid}/smaps_rollup")).ok()?;
    let kib = |name| field(&text, name)?.split(' ').next()?.parse().ok();
    Some(Memory { private_dirty_kib: kib("Private_Dirty")?, pss_kib: kib("Pss")? })
}
