//! A sweep over many points: as many as its time allows, evenly spread; at night all of them, and
//! resumed where the last run was ended.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::effort::Effort;
use crate::say::say;
use crate::{seed, stage};

/// How often a night run writes down how far it is.
const SAVE_INTERVAL: Duration = Duration::from_secs(1);

/// Points 0 to `points`, and how long they may take.
#[derive(Debug)]
pub struct Sweep {
    name: String,
    points: u64,
    budget: Option<Duration>,
    /// Where a night run writes its seed and the next point.
    progress: PathBuf,
    seed: u64,
}

impl Sweep {
    /// A sweep of an item that is tried in `parts` sweeps (one per stage), which share its time:
    /// 5 s in all when effort is quick, 40 s in continuous integration, no limit at night.
    ///
    /// # Panics
    /// If an earlier night run's progress cannot be read.
    pub fn new(name: &str, points: u64, parts: u32) -> Sweep {
        let seconds = Effort::asked().of(Some(5), Some(40), None);
        let progress = stage::program("night").join(name);
        let earlier = fs::read_to_string(&progress).ok();
        let seed = match earlier.as_deref().and_then(|text| text.split_once(' ')) {
            Some((seed, _)) if seconds.is_none() => seed.parse().expect("a progress file is ours"),
            _ => seed::number(),
        };
        let budget = seconds.map(|seconds| Duration::from_secs(seconds) / parts);
        Sweep { name: name.to_owned(), points, budget, progress, seed }
    }

    /// The seed of this sweep: whatever a point chooses at random it derives from this and its
    /// number.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Tries the points, and says how many it got through.
    ///
    /// # Panics
    /// If a point does, or progress cannot be written down.
    pub fn run(self, mut try_point: impl FnMut(u64)) {
        let start = Instant::now();
        let first = if self.budget.is_none() { self.resumed() } else { 0 };
        let (mut tried, mut saved) = (first, Instant::now());
        for index in first..self.points {
            if self.budget.is_some_and(|budget| start.elapsed() >= budget) {
                break;
            }
            if self.budget.is_none() && saved.elapsed() >= SAVE_INTERVAL {
                self.save(index);
                saved = Instant::now();
            }
            let point = if self.budget.is_none() { index } else { spread(index, self.points) };
            let failing = Failing { name: &self.name, point, seed: self.seed };
            try_point(point);
            std::mem::forget(failing);
            tried = index + 1;
        }
        if self.budget.is_none() {
            self.save(tried);
        }
        let (name, points, seconds) = (&self.name, self.points, start.elapsed().as_secs_f64());
        say(&format!("{name}: {tried} of {points} points in {seconds:.1} s"));
    }

    /// The point at which an earlier run ended; 0 if there was none, or it was through.
    fn resumed(&self) -> u64 {
        let text = fs::read_to_string(&self.progress).unwrap_or_default();
        let next = text.split_once(' ').map(|(_, next)| next.parse().expect("a number is saved"));
        next.filter(|&next| next < self.points).unwrap_or(0)
    }

    fn save(&self, next: u64) {
        let folder = self.progress.parent().expect("it stands in a folder");
        fs::create_dir_all(folder).expect("the target folder is ours");
        fs::write(&self.progress, format!("{} {next}", self.seed)).expect("the folder is ours");
    }
}

/// The `index`-th point of 0 to `points` in an order whose every beginning is evenly spread.
///
/// The indexes are multiplied by a number near the golden section of `points` that shares no
/// divisor with it, so that every point comes once.
fn spread(index: u64, points: u64) -> u64 {
    let mut step = (points as f64 * 0.618_034) as u64 | 1;
    while divisor(step, points) > 1 {
        step += 2;
    }
    (u128::from(index) * u128::from(step) % u128::from(points)) as u64
}

fn divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { divisor(b, a % b) }
}

/// Says which point was tried when a panic came.
struct Failing<'a> {
    name: &'a str,
    point: u64,
    seed: u64,
}

impl Drop for Failing<'_> {
    fn drop(&mut self) {
        let Failing { name, point, seed } = self;
        eprintln!("{name}: point {point} has failed, seed {seed}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_order_tries_every_point_once() {
        for points in [1, 2, 3, 10, 97, 512, 1000] {
            let mut seen: Vec<u64> = (0..points).map(|index| spread(index, points)).collect();
            seen.sort_unstable();
            assert!(seen.into_iter().eq(0..points), "{points} points");
        }
    }

    #[test]
    fn the_beginning_of_the_order_leaves_no_large_gap() {
        let mut seen: Vec<u64> = (0..100).map(|index| spread(index, 10_000)).collect();
        seen.sort_unstable();
        let gap = seen.windows(2).map(|pair| pair[1] - pair[0]).max();
        assert!(gap < Some(300), "{gap:?} for an even gap of 100");
    }
}
