//! Whether nothing of a program runs: it waits for somebody else.

use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::kernel::processes;
use crate::kernel::thread::{self, Doing};
use crate::patience::Patience;

/// It must be seen so twice, this far apart.
const APART: Duration = Duration::from_millis(5);
/// A program that runs longer does something else.
const QUIET_MAX: Duration = Duration::from_millis(500);

/// Waits until nothing of these programs runs, nor of their sessions; whether that came.
pub fn wait(pids: &[i32], patience: Patience) -> bool {
    let (begin, budget) = (Instant::now(), patience.scale(QUIET_MAX));
    let mut quiet_since = None;
    while begin.elapsed() < budget {
        if runs(pids) {
            quiet_since = None;
        } else if quiet_since.get_or_insert_with(Instant::now).elapsed() >= APART {
            return true;
        }
        sleep(APART / 5);
    }
    false
}

fn runs(pids: &[i32]) -> bool {
    pids.iter().flat_map(|&pid| processes::of_session(pid)).any(|pid| {
        thread::of(pid).into_iter().any(|tid| matches!(thread::doing(pid, tid), Some(Doing::Runs)))
    })
}
