//! Waiting for a condition, never for a time.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// How often a condition is looked at that nobody tells us of.
const POLL: Duration = Duration::from_millis(1);

/// Waits until `condition` gives something; None if it has not within `limit`.
pub fn until<T>(limit: Duration, mut condition: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(found) = condition() {
            return Some(found);
        }
        if Instant::now() >= deadline {
            return None;
        }
        sleep(POLL);
    }
}

/// Waits until `condition` holds.
///
/// # Panics
/// If it does not hold within `limit`.
pub fn until_true(what: &str, limit: Duration, mut condition: impl FnMut() -> bool) {
    assert!(until(limit, || condition().then_some(())).is_some(), "{what}: not within {limit:?}");
}
