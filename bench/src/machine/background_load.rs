//! CPU that other programs use while we measure: a round with too much of it is measured again.

use std::collections::HashMap;
use std::fs;
use std::ops::AddAssign;
use std::time::{Duration, Instant};

use anyhow::Context;
use nix::time::{ClockId, clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;
use procfs::process::{Process, Stat, all_processes};

/// Above this a round is dirty.
pub const LOAD_MAX_PERCENT: f64 = 5.0;
/// Shorter times are too short for clocks that tick a hundred times a second: several of these are
/// judged together.
const JUDGED_MIN: Duration = Duration::from_millis(400);
/// Ticks of /proc in a second, on every Linux of today. See sysconf(3).
const TICKS: f64 = 100.0;
/// The parent of all threads of the kernel: what they do, they do for those who write and sync.
const KTHREADD: i32 = 2;

/// The clocks of all that runs, at a moment.
#[derive(Debug)]
pub struct Snapshot {
    at: Instant,
    busy: f64,
    /// Of each thread of the kernel: what it has used, and the CPU on which it ran last.
    kernel: HashMap<i32, (f64, usize)>,
    own: f64,
}

/// What other programs have used in a time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Load {
    /// Seconds of CPU; below zero where the clocks disagree by a tick.
    used: f64,
    /// Seconds of CPU that there were.
    available: f64,
    lasted: Duration,
}

impl Snapshot {
    /// Reads the clocks of some CPUs, and of our own processes; of `parents` also what their ended
    /// children have used.
    ///
    /// # Errors
    /// If /proc cannot be read.
    pub fn take(cpus: &[usize], own: &[i32], parents: &[i32]) -> anyhow::Result<Snapshot> {
        let kernel = kernel()?;
        let children: f64 = parents.iter().map(|&pid| used_by_ended_children(pid)).sum();
        let own = own.iter().map(|&pid| used(pid)).sum::<f64>() + children;
        Ok(Snapshot { at: Instant::now(), busy: busy(cpus)?, kernel, own })
    }

    /// What other programs have used of these CPUs since an earlier snapshot.
    pub fn since(&self, earlier: &Snapshot, cpus: &[usize]) -> Load {
        let busy = self.busy - earlier.busy;
        let here = self.kernel.iter().filter(|(_, (_, cpu))| cpus.contains(cpu));
        let before = |pid: &i32| earlier.kernel.get(pid).map_or(0.0, |(used, _)| *used);
        let kernel: f64 = here.map(|(pid, (used, _))| used - before(pid)).sum();
        let ours = (self.own - earlier.own) + kernel;
        let lasted = self.at.duration_since(earlier.at);
        Load { used: busy - ours, available: lasted.as_secs_f64() * cpus.len() as f64, lasted }
    }
}

impl Load {
    /// Whether it lasted long enough to be judged.
    pub fn can_be_judged(&self) -> bool {
        self.lasted >= JUDGED_MIN
    }

    /// Whether it can be judged, and was too much.
    pub fn is_too_much(&self) -> bool {
        self.can_be_judged() && 100.0 * self.used > LOAD_MAX_PERCENT * self.available
    }
}

impl AddAssign for Load {
    fn add_assign(&mut self, more: Load) {
        self.used += more.used;
        self.available += more.available;
        self.lasted += more.lasted;
    }
}

/// Seconds that these CPUs were busy, interrupts left out: our own disk and network cause them too.
/// Time that a hypervisor took away counts. See proc_stat(5).
fn busy(cpus: &[usize]) -> anyhow::Result<f64> {
    let text = fs::read_to_string("/proc/stat").context("cannot read /proc/stat")?;
    let of_line = |line: &str| {
        let mut words = line.split_whitespace();
        let cpu = words.next()?.strip_prefix("cpu")?.parse().ok()?;
        let ticks: Vec<f64> = words.filter_map(|word| word.parse().ok()).collect();
        let [user, nice, system, _idle, _iowait, _irq, _softirq, steal, ..] = ticks[..] else {
            return None;
        };
        cpus.contains(&cpu).then_some((user + nice + system + steal) / TICKS)
    };
    Ok(text.lines().filter_map(of_line).sum())
}

/// Seconds that each thread of the kernel has used, and the CPU on which it ran last.
fn kernel() -> anyhow::Result<HashMap<i32, (f64, usize)>> {
    let stats: Vec<Stat> = match fs::read_to_string("/proc/2/task/2/children") {
        // There may be a thousand clients, and reading the file of each would disturb them.
        Ok(pids) => {
            let pids = pids.split_whitespace().filter_map(|pid| pid.parse().ok());
            pids.filter_map(|pid| Process::new(pid).and_then(|it| it.stat()).ok()).collect()
        }
        Err(_) => {
            let processes = all_processes().context("cannot read /proc")?.flatten();
            let stats = processes.filter_map(|process| process.stat().ok());
            stats.filter(|stat| stat.ppid == KTHREADD).collect()
        }
    };
    let used = |stat: &Stat| (stat.utime + stat.stime) as f64 / TICKS;
    let cpu = |stat: &Stat| stat.processor.and_then(|cpu| cpu.try_into().ok()).unwrap_or(0);
    Ok(stats.iter().map(|stat| (stat.pid, (used(stat), cpu(stat)))).collect())
}

/// Seconds that a process has used; 0 when it has ended. See clock_getcpuclockid(3).
fn used(pid: i32) -> f64 {
    let time = |clock: ClockId| clock_gettime(clock);
    let used = clock_getcpuclockid(Pid::from_raw(pid)).and_then(time);
    used.map_or(0.0, |time| time.tv_sec() as f64 + time.tv_nsec() as f64 / 1e9)
}

/// Seconds that the ended children of a process have used, and theirs.
fn used_by_ended_children(pid: i32) -> f64 {
    let stat = Process::new(pid).and_then(|process| process.stat());
    stat.map_or(0.0, |stat| (stat.cutime + stat.cstime) as f64 / TICKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_time_is_not_judged_and_several_of_them_are() {
        let short = Load { used: 0.03, available: 0.1, lasted: Duration::from_millis(100) };
        assert!(!short.is_too_much());
        let mut sum = Load::default();
        (0..4).for_each(|_| sum += short);
        assert!(sum.is_too_much());
        sum += Load { used: -0.1, available: 0.1, lasted: Duration::from_millis(100) };
        assert!(!sum.is_too_much(), "2 of 50");
    }
}
