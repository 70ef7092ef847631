//! How much memory processes have. Counting it walks through all their pages: not at each look.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::collect::index::Index;
use crate::collect::table::{contents, field};
use crate::model::process::{Memory, Process};

/// How long a count is good, at least.
const EVERY: Duration = Duration::from_secs(5);
/// Processes whose memory is counted in one look among many.
pub(crate) const COUNTED_MAX: usize = 100;

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
    /// has run since, of at most `max` processes.
    pub(crate) fn tell(
        &mut self,
        processes: &mut [Process],
        open: &Index,
        now: Instant,
        max: usize,
    ) {
        let mut old = std::mem::take(&mut self.counted);
        let mut n_counted = 0;
        for process in processes {
            let cpu_ns = open.get(process.pid).and_then(|known| known.cpu_ns);
            let last = old.remove(&process.pid).filter(|last| last.started == process.started);
            let is_due = last.is_none_or(|last| {
                let has_run = cpu_ns.is_none() || cpu_ns != last.cpu_ns;
                has_run && now.duration_since(last.at) >= EVERY
            });
            let count = match last {
                Some(last) if !is_due || n_counted == max => last,
                None if n_counted == max => continue,
                _ => {
                    n_counted += 1;
                    let started = process.started;
                    Count { started, cpu_ns, at: now, memory: count(process.pid) }
                }
            };
            process.memory = count.memory;
            self.counted.insert(process.pid, count);
        }
    }
}

fn count(pid: i32) -> Option<Memory> {
    let text = contents(&format!("/proc/{pid}/smaps_rollup")).ok()?;
    let kib = |name| field(&text, name)?.split(' ').next()?.parse().ok();
    Some(Memory { private_dirty_kib: kib("Private_Dirty")?, pss_kib: kib("Pss")? })
}
