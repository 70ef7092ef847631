//! Waiting for a condition, never for a time.

use std::env;
use std::os::fd::AsFd;
use std::sync::LazyLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// How often a condition is looked at that nobody tells us of.
const POLL: Duration = Duration::from_millis(1);

/// The longest wait for what a server should do: `SPECTACLES_WAIT_MAX` in seconds, where a server
/// is known to fail and nobody wants to see it take its time.
static LIMIT: LazyLock<Duration> = LazyLock::new(|| {
    let given = env::var("SPECTACLES_WAIT_MAX").ok();
    let seconds = given.map(|text| text.parse().expect("SPECTACLES_WAIT_MAX is a number"));
    seconds.map_or(Duration::MAX, Duration::from_secs)
});

/// As long as this, but no longer than the longest wait.
///
/// # Panics
/// If `SPECTACLES_WAIT_MAX` is no number.
pub fn at_most(limit: Duration) -> Duration {
    limit.min(*LIMIT)
}

/// Waits until `condition` gives something; None if it has not within `limit`.
pub fn until<T>(limit: Duration, condition: impl FnMut() -> Option<T>) -> Option<T> {
    patiently(at_most(limit), condition)
}

/// The same for what takes as long as it takes, whatever the longest wait is.
pub fn patiently<T>(limit: Duration, mut condition: impl FnMut() -> Option<T>) -> Option<T> {
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
    let is_so = until(limit, || condition().then_some(())).is_some();
    assert!(is_so, "{what}: expected within {:?}, did not come", at_most(limit));
}

/// Waits until there is something to read; whether there is within `limit`.
pub fn until_readable(end: &impl AsFd, limit: Duration) -> bool {
    until(limit, || is_readable(end)).is_some()
}

/// Whether there is something to read now, or never will be.
///
/// An interrupted call is one without a result: a client of this thread has an alarm that ticks.
pub(crate) fn is_readable(end: &impl AsFd) -> Option<()> {
    let mut end = [PollFd::new(end.as_fd(), PollFlags::POLLIN)];
    (poll(&mut end, PollTimeout::ZERO) == Ok(1)).then_some(())
}
