//! What a verdict on a foreign server was made of: a run in which nothing was judged is no pass.

use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::say::say;
use crate::sys;

/// How often the foreign server was started.
static STARTED: AtomicUsize = AtomicUsize::new(0);
/// Tests that cannot be asked of it.
static LEFT_OUT: AtomicUsize = AtomicUsize::new(0);
static AT_EXIT: Once = Once::new();

/// What cargo's test runner exits with if a test has failed.
const FAILED: i32 = 101;

/// Counts a start of the foreign server: something is judged.
pub(crate) fn started() {
    STARTED.fetch_add(1, Ordering::Relaxed);
    AT_EXIT.call_once(|| sys::at_exit(conclude));
}

/// Counts a test that cannot be asked of a foreign server, and says why, past the test runner's
/// capture: that runner knows only tests that pass and tests that fail.
pub fn left_out(test: &str, why: &str) {
    say(&format!("left out {test}: {why}"));
    LEFT_OUT.fetch_add(1, Ordering::Relaxed);
    AT_EXIT.call_once(|| sys::at_exit(conclude));
}

/// Says what the run was made of; one that has judged nothing fails.
extern "C" fn conclude() {
    let [started, left_out] = [&STARTED, &LEFT_OUT].map(|count| count.load(Ordering::Relaxed));
    say(&format!("the foreign server was started {started} times, {left_out} tests left out"));
    if started == 0 {
        say("nothing was judged: this is no verdict");
        sys::leave(FAILED);
    }
}
