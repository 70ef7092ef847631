//! CPU that others have used while we measured: a round with too much of it is measured again.

use std::collections::HashMap;
use std::fs;
use std::time::Instant;

use anyhow::Context;
use nix::time::{ClockId, clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;
use procfs::process::{Stat, all_processes};

/// Above this a round is dirty.
pub const FOREIGN_MAX_PERCENT: f64 = 5.0;
/// Ticks of /proc in a second, on every Linux of today. See sysconf(3).
const TICKS: f64 = 100.0;
/// The parent of all threads of the kernel: what they do, they do for those who write and sync.
const KTHREADD: i32 = 2;

/// A look at the clocks of all that runs.
#[derive(Debug)]
pub struct Look {
    at: Instant,
    busy: f64,
    /// Of each thread of the kernel: what it has used, and the CPU on which it ran last.
    kernel: HashMap<i32, (f64, usize)>,
    own: f64,
}

impl Look {
    /// Looks at some CPUs, and at our own processes.
    ///
    /// # Errors
    /// If /proc cannot be read.
    pub fn take(cpus: &[usize], own: &[i32]) -> anyhow::Result<Look> {
        let own = own.iter().map(|&pid| used(pid)).sum();
        Ok(Look { at: Instant::now(), busy: busy(cpus)?, kernel: kernel()?, own })
    }

    /// CPU use by others since an earlier look, in percent of these CPUs.
    pub fn foreign_percent(&self, earlier: &Look, cpus: &[usize]) -> f64 {
        let busy = self.busy - earlier.busy;
        let here = self.kernel.iter().filter(|(_, (_, cpu))| cpus.contains(cpu));
        let before = |pid: &i32| earlier.kernel.get(pid).map_or(0.0, |(used, _)| *used);
        let kernel: f64 = here.map(|(pid, (used, _))| used - before(pid)).sum();
        let ours = (self.own - earlier.own) + kernel;
        let time = self.at.duration_since(earlier.at).as_secs_f64() * cpus.len() as f64;
        (100.0 * (busy - ours) / time).max(0.0)
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
    let stats = all_processes().context("cannot read /proc")?.flatten();
    let stats = stats.filter_map(|process| process.stat().ok());
    let kernel = stats.filter(|stat| stat.ppid == KTHREADD);
    let used = |stat: &Stat| (stat.utime + stat.stime) as f64 / TICKS;
    let cpu = |stat: &Stat| stat.processor.and_then(|cpu| cpu.try_into().ok()).unwrap_or(0);
    Ok(kernel.map(|stat| (stat.pid, (used(&stat), cpu(&stat)))).collect())
}

/// Seconds that a process has used; 0 when it has ended. See clock_getcpuclockid(3).
fn used(pid: i32) -> f64 {
    let time = |clock: ClockId| clock_gettime(clock);
    let used = clock_getcpuclockid(Pid::from_raw(pid)).and_then(time);
    used.map_or(0.0, |time| time.tv_sec() as f64 + time.tv_nsec() as f64 / 1e9)
}
