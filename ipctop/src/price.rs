//! What looking costs, in CPU time: other programs may take the CPU away, but do not use this.

use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};

use crate::model::look::Look;
use crate::watch::Watcher;

/// What some looks have cost.
#[derive(Clone, Debug)]
pub struct Price {
    /// CPU time of all of them.
    pub cpu: Duration,
    /// CPU time of the cheapest one.
    pub cheapest: Duration,
    /// Time from the begin of the first to the end of the last.
    pub wall: Duration,
    /// The last look.
    pub last: Look,
}

impl Price {
    /// The share of one CPU that looking took, in percent.
    pub fn percent(&self) -> f64 {
        self.cpu.as_secs_f64() * 100.0 / self.wall.as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

/// Looks so many times, each a fixed time after the one before.
///
/// # Errors
/// Of clock_gettime.
pub fn measure(watcher: &mut Watcher, looks: u32, every: Duration) -> std::io::Result<Price> {
    let begin = Instant::now();
    let (cpu, cheapest) = (Duration::ZERO, Duration::MAX);
    let mut price = Price { cpu, cheapest, wall: Duration::ZERO, last: Look::default() };
    for number in 0..looks {
        sleep((begin + every * number).saturating_duration_since(Instant::now()));
        let before = cpu_time()?;
        price.last = watcher.look();
        let cost = cpu_time()?.saturating_sub(before);
        price.cpu += cost;
        price.cheapest = price.cheapest.min(cost);
    }
    price.wall = begin.elapsed();
    Ok(price)
}

/// The CPU time of this thread.
fn cpu_time() -> std::io::Result<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?.into())
}
