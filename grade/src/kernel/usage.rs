//! How much of a processor a process uses, on a busy machine too.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use crate::kernel::thread;

/// What a thread has had so far, in nanoseconds. See /proc/PID/task/TID/schedstat.
#[derive(Clone, Copy, Debug, Default)]
struct Had {
    /// On a processor.
    run: u64,
    /// Ready to run, while others had the processors.
    waited: u64,
}

/// What the threads of some processes had had at one moment.
#[derive(Debug)]
pub struct Usage {
    at: Instant,
    threads: BTreeMap<(i32, i32), Had>,
}

impl Usage {
    /// Looks at the threads of these processes.
    pub fn of(pids: &[i32]) -> Usage {
        let of = |&pid: &i32| thread::of(pid).into_iter().map(move |tid| (pid, tid));
        let tasks = pids.iter().flat_map(of);
        let threads = tasks.filter_map(|(pid, tid)| Some(((pid, tid), had(pid, tid)?))).collect();
        Usage { at: Instant::now(), threads }
    }

    /// Whether this kernel counts at all: no program starts without time.
    pub fn is_counted(&self) -> bool {
        self.threads.values().any(|had| had.run > 0)
    }

    /// The part of one processor that each process wanted since the other look, in percent; one that
    /// always wants to run has 100 for each such thread, however many others want to, too.
    pub fn percent_since(&self, before: &Usage) -> BTreeMap<i32, u64> {
        let time = self.at.duration_since(before.at);
        let mut percent: BTreeMap<i32, u64> = BTreeMap::new();
        for (&(pid, tid), now) in &self.threads {
            let then = before.threads.get(&(pid, tid)).copied().unwrap_or_default();
            let run = now.run.saturating_sub(then.run);
            let waited = Duration::from_nanos(now.waited.saturating_sub(then.waited));
            let could_run = time.saturating_sub(waited).as_nanos().max(u128::from(run)).max(1);
            *percent.entry(pid).or_default() += (u128::from(run) * 100 / could_run) as u64;
        }
        percent
    }
}

fn had(pid: i32, tid: i32) -> Option<Had> {
    let text = fs::read_to_string(format!("/proc/{pid}/task/{tid}/schedstat")).ok()?;
    let mut numbers = text.split_whitespace().map_while(|word| word.parse().ok());
    Some(Had { run: numbers.next()?, waited: numbers.next()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_for_a_processor_is_not_idle() {
        let begin = Instant::now();
        let look = |after, run: u64, waited: u64| Usage {
            at: begin + Duration::from_millis(after),
            threads: BTreeMap::from([(
                (7, 7),
                Had { run: run * 1_000_000, waited: waited * 1_000_000 },
            )]),
        };
        let before = look(0, 50, 0);
        assert_eq!(look(1000, 1050, 0).percent_since(&before)[&7], 100);
        assert_eq!(look(1000, 150, 900).percent_since(&before)[&7], 100);
        assert_eq!(look(1000, 60, 20).percent_since(&before)[&7], 1);
    }
}
