//! Whether a process has run since it was looked at: its CPU time to the nanosecond.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// Asks for the time that the scheduler gave: CPUCLOCK_SCHED of the kernel.
const SCHED: i32 = 2;

/// CPU time of all threads of a process so far, in nanoseconds, those included that have ended;
/// None if it cannot be told. As long as it is the same, none of them has run.
///
/// It takes one call, where counts of switches take a file for each thread. See
/// clock_getcpuclockid(3), which makes the clock's number in the same way.
pub(crate) fn cpu_ns(pid: i32) -> Option<u64> {
    let time = clock_gettime(ClockId::from_raw(!pid << 3 | SCHED)).ok()?;
    Some(time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64)
}

/// CPU time of the calling thread.
pub(crate) fn own_cpu_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_runs_uses_time_and_whoever_sleeps_does_not() {
        let own = std::process::id() as i32;
        let before = cpu_ns(own).unwrap();
        assert!(cpu_ns(own).unwrap() > before);
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let pid = child.id() as i32;
        let asleep = || {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
            stat.contains("(sleep) S")
        };
        while !asleep() {
            std::thread::yield_now();
        }
        assert!(cpu_ns(pid).is_some() && cpu_ns(pid) == cpu_ns(pid));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(cpu_ns(pid), None);
    }
}
