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

/// Waits until no thread of these sessions runs; whether that came.
pub fn wait(sessions: &[i32], patience: Patience) -> bool {
    let (begin, budget) = (Instant::now(), patience.scale(QUIET_MAX));
    let mut quiet_since = None;
    while begin.elapsed() < budget {
        if runs(sessions) {
            quiet_since = None;
        } else if quiet_since.get_or_insert_with(Instant::now).elapsed() >= APART {
            return true;
        }
        sleep(APART / 5);
    }
    false
}

fn runs(sessions: &[i32]) -> bool {
    let pids = sessions.iter().flat_map(|&session| processes::of_session(session));
    pids.into_iter().any(|pid| {
        thread::of(pid).into_iter().any(|tid| matches!(thread::doing(pid, tid), Some(Doing::Runs)))
    })
}
