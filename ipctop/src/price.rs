//! What looking costs, in CPU time: other programs may take the CPU away, but do not use this.

use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::collect::activity::own_cpu_time;
use crate::model::look::Look;
use crate::watch::Watcher;

/// What some looks have cost.
#[derive(Clone, Debug)]
pub struct Price {
    /// CPU time of all of them.
    pub cpu: Duration,
    /// CPU time of the cheapest one.
    pub cheapest: Duration,
    /// CPU time of the dearest one.
    pub dearest: Duration,
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
pub fn measure(watcher: &mut Watcher, looks: u32, every: Duration) -> Price {
    let begin = Instant::now();
    let (cpu, cheapest) = (Duration::ZERO, Duration::MAX);
    let mut price =
        Price { cpu, cheapest, dearest: cpu, wall: Duration::ZERO, last: Look::default() };
    for number in 0..looks {
        sleep((begin + every * number).saturating_duration_since(Instant::now()));
        let before = own_cpu_time();
        price.last = watcher.look();
        let cost = own_cpu_time().saturating_sub(before);
        price.cpu += cost;
        price.cheapest = price.cheapest.min(cost);
        price.dearest = price.dearest.max(cost);
    }
    price.wall = begin.elapsed();
    price
}
