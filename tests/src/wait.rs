//! Waiting for a condition, never for a time.

use std::os::fd::AsFd;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

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

/// Waits until there is something to read; whether there is within `limit`.
pub fn until_readable(end: &impl AsFd, limit: Duration) -> bool {
    // An interrupted call is one without a result: a client of this thread has an alarm that ticks.
    let is_readable = || {
        let mut end = [PollFd::new(end.as_fd(), PollFlags::POLLIN)];
        (poll(&mut end, PollTimeout::ZERO) == Ok(1)).then_some(())
    };
    until(limit, is_readable).is_some()
}
