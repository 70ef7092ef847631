//! When deferred replies are sent again: exponential backoff.
//!
//! Stops: `wedged::attacks::honest_clients_are_served_beside_hostile_ones`.

use std::time::{Duration, Instant};

/// The first round comes this long after a reply was deferred. By then its client is awake.
const PAUSE_MIN: Duration = Duration::from_millis(1);
/// A round without a new deferred reply doubles the pause, up to this. A client that does not read
/// must not cost more. One that was stopped for a while finds its reply soon enough.
pub const PAUSE_MAX: Duration = Duration::from_millis(64);
/// After a round, requests are served for twice the time that it took.
const SERVING_SHARE: u32 = 2;

/// The time of the next round.
#[derive(Debug)]
pub(crate) struct Backoff {
    pause: Duration,
    due: Instant,
    /// The end of the time for requests: no round before it.
    serving_until: Instant,
}

impl Backoff {
    /// A round at any time.
    pub(crate) fn new() -> Backoff {
        let now = Instant::now();
        Backoff { pause: PAUSE_MIN, due: now, serving_until: now }
    }

    /// When the next round is due.
    pub(crate) fn due(&self) -> Instant {
        self.due
    }

    /// Whether the pause has grown to its maximum: no reply was deferred for the last 63 ms.
    pub(crate) fn is_at_maximum(&self) -> bool {
        self.pause == PAUSE_MAX
    }

    /// A reply is deferred: the next round comes soon. `is_first`: no other one is deferred, so the
    /// time that was due means nothing.
    pub(crate) fn restart(&mut self, is_first: bool) {
        let soon = Instant::now() + PAUSE_MIN;
        let due = if is_first { soon } else { self.due.min(soon) };
        self.due = due.max(self.serving_until);
        self.pause = PAUSE_MIN;
    }

    /// A round that began at `start` is over: the next one comes after a longer pause.
    pub(crate) fn round_over(&mut self, start: Instant) {
        let now = Instant::now();
        self.pause = (self.pause * 2).min(PAUSE_MAX);
        self.serving_until = now + (now - start) * SERVING_SHARE;
        self.due = self.serving_until.max(now + self.pause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_its_maximum_and_a_new_reply_makes_it_short_again() {
        let mut backoff = Backoff::new();
        let mut pauses = Vec::new();
        while !backoff.is_at_maximum() {
            let before = Instant::now();
            backoff.round_over(before);
            assert!(backoff.due() >= before + backoff.pause);
            pauses.push(backoff.pause.as_millis());
        }
        assert_eq!(pauses, [2, 4, 8, 16, 32, 64]);
        let before = Instant::now();
        backoff.restart(false);
        assert!(backoff.due() < before + PAUSE_MAX && !backoff.is_at_maximum());
    }

    #[test]
    fn a_long_round_leaves_time_for_requests() {
        let mut backoff = Backoff::new();
        let round = Duration::from_millis(500);
        let start = Instant::now() - round;
        backoff.round_over(start);
        for is_first in [false, true] {
            backoff.restart(is_first);
            assert!(backoff.due() >= start + round + round * SERVING_SHARE);
        }
    }
}
