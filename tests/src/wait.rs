//! Waiting for a condition, never for a time.

use std::env;
use std::ffi::OsStr;
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

/// What every time-out is multiplied by: `SPECTACLES_PATIENCE`, for a slow machine or a slow server.
static PATIENCE: LazyLock<f64> = LazyLock::new(|| {
    patience(env::var_os("SPECTACLES_PATIENCE").as_deref()).unwrap_or_else(|why| panic!("{why}"))
});

/// The factor that a text stands for, from 0.1 to 100; 1 if there is none.
pub(crate) fn patience(given: Option<&OsStr>) -> Result<f64, String> {
    let Some(text) = given else { return Ok(1.0) };
    let factor = text.to_str().and_then(|text| text.parse().ok());
    factor.filter(|factor| (0.1..=100.0).contains(factor)).ok_or_else(|| {
        format!("SPECTACLES_PATIENCE is {text:?}: a factor for all time-outs is from 0.1 to 100")
    })
}

/// A time-out of a patient machine: every time-out comes through here.
pub fn scaled(limit: Duration) -> Duration {
    limit.mul_f64(*PATIENCE)
}

/// As long as this, but no longer than the longest wait.
///
/// # Panics
/// If `SPECTACLES_WAIT_MAX` is no number.
pub fn at_most(limit: Duration) -> Duration {
    scaled(limit).min(*LIMIT)
}

/// Waits until `condition` gives something; None if it has not within `limit`.
pub fn until<T>(limit: Duration, condition: impl FnMut() -> Option<T>) -> Option<T> {
    by(Instant::now() + at_most(limit), condition)
}

/// The same for what takes as long as it takes, whatever the longest wait is.
pub fn patiently<T>(limit: Duration, condition: impl FnMut() -> Option<T>) -> Option<T> {
    by(Instant::now() + scaled(limit), condition)
}

fn by<T>(deadline: Instant, mut condition: impl FnMut() -> Option<T>) -> Option<T> {
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

/// Lets time pass, where a promise is about time itself; it is no time-out.
pub fn pause(time: Duration) {
    sleep(time);
}

/// A length of time for a person: `2.5 s`.
pub fn seconds(time: Duration) -> String {
    let text = format!("{:.2}", time.as_secs_f64());
    format!("{} s", text.trim_end_matches('0').trim_end_matches('.'))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_is_no_factor_for_time_outs() {
        for (text, factor) in [("1", 1.0), ("0.1", 0.1), ("2.5", 2.5), ("100", 100.0)] {
            assert_eq!(patience(Some(OsStr::new(text))), Ok(factor));
        }
        for text in ["", "0", "-1", "0.09", "101", "NaN", "inf", "1 s", "two"] {
            let why = patience(Some(OsStr::new(text))).expect_err(text);
            assert!(why.contains("from 0.1 to 100") && why.contains(text), "{why}");
        }
    }

    #[test]
    fn a_time_is_told_without_needless_digits() {
        let told = [10_000, 400, 2_500, 20, 0].map(|ms| seconds(Duration::from_millis(ms)));
        assert_eq!(told, ["10 s", "0.4 s", "2.5 s", "0.02 s", "0 s"]);
    }
}
