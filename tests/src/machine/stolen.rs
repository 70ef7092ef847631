//! Time that the hypervisor gave to others: a server is not late then, its machine is.

use std::fs;
use std::time::Instant;

/// Ticks of /proc in a second, on every Linux of today. See sysconf(3).
const TICKS: f64 = 100.0;

/// What was stolen from this machine up to a moment.
#[derive(Debug)]
pub struct Stolen {
    at: Instant,
    seconds: f64,
    cpus: usize,
}

impl Stolen {
    /// Up to now. See proc_stat(5).
    pub fn so_far() -> Stolen {
        let text = fs::read_to_string("/proc/stat").expect("/proc/stat is there");
        let of_line = |line: &str| -> Option<f64> {
            let mut words = line.split_whitespace();
            let is_cpu = words.next()?.strip_prefix("cpu")?.parse::<usize>().is_ok();
            // After user, nice, system, idle, iowait, irq and softirq.
            is_cpu.then(|| words.nth(7)?.parse().ok()).flatten()
        };
        let ticks: Vec<f64> = text.lines().filter_map(of_line).collect();
        let seconds = ticks.iter().sum::<f64>() / TICKS;
        Stolen { at: Instant::now(), seconds, cpus: ticks.len() }
    }

    /// What was stolen since, in percent of the time of all CPUs.
    pub fn percent_since(&self) -> f64 {
        let now = Stolen::so_far();
        let time = now.at.duration_since(self.at).as_secs_f64() * now.cpus as f64;
        100.0 * (now.seconds - self.seconds) / time
    }
}
