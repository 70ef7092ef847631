//! The silence of a server: until when it must show a sign of life, or else it hangs.
//!
//! A flood of connections delays a probe on its way to a healthy server: the kernel does not connect
//! it while the backlog is full, and then it waits behind others. So the time for an answer begins
//! when the server can answer, and whoever accepts connections is alive. This stops such a flood:
//! `watchdog` `a_flood_of_connections_has_no_healthy_server_killed`.

use std::time::{Duration, Instant};

/// How often a server is probed.
pub const PROBE_INTERVAL: Duration = Duration::from_millis(500);
/// A server that has answered no probe for so long hangs.
///
/// The time starts at the last answer and not at the probe after it. So the pause between two probes
/// adds nothing to the time for which clients wait.
const SILENCE_MAX: Duration = Duration::from_secs(2);
/// But once it can take a probe, it has so long to answer it.
const ANSWER_MAX: Duration = SILENCE_MAX.saturating_sub(PROBE_INTERVAL);
/// How long a server may accept nobody while the probe cannot connect. Also how long it may take
/// until it is ready: the reservation server syncs the data file.
const START_MAX: Duration = Duration::from_secs(5);

/// What is known of a server's signs of life.
#[derive(Clone, Copy, Debug)]
pub struct Silence {
    /// The last sign of life: it was started, was ready, or answered a probe.
    last_alive: Instant,
    /// When its kernel had the request of the first probe since then, and how many connections the
    /// server will have accepted when it accepts this probe.
    delivered: Option<(Instant, u64)>,
    /// How many connections it has accepted.
    accepted: u64,
    /// When one of those was accepted for which the probe had to wait.
    last_accept: Instant,
}

impl Silence {
    /// A server that is alive now.
    pub fn new(now: Instant) -> Silence {
        Silence { last_alive: now, delivered: None, accepted: 0, last_accept: now }
    }

    /// It has shown that it is alive.
    pub fn end(&mut self, now: Instant) {
        self.last_alive = now;
        self.delivered = None;
    }

    /// How many connections it has accepted so far.
    pub fn set_accepted(&mut self, accepted: u64, now: Instant) {
        let is_waited_for = self.delivered.is_none_or(|(_, turn)| self.accepted < turn);
        if accepted != self.accepted && is_waited_for {
            self.last_accept = now;
        }
        self.accepted = accepted;
    }

    /// Its kernel has the request of a probe, and `waiting` connections wait to be accepted.
    pub fn set_delivered(&mut self, waiting: u64, now: Instant) {
        self.delivered.get_or_insert((now, self.accepted + waiting));
    }

    /// How long it has been silent.
    pub fn time(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.last_alive)
    }

    /// When it hangs, if there is no sign of life until then.
    pub fn deadline(&self, is_ready: bool) -> Instant {
        match self.delivered {
            _ if !is_ready => self.last_alive + START_MAX,
            None => self.last_alive.max(self.last_accept) + START_MAX,
            // This is shorter than the bound before, so it starts anew.
            Some((at, _)) => {
                (at.max(self.last_accept) + ANSWER_MAX).max(self.last_alive + SILENCE_MAX)
            }
        }
    }

    /// Moves all by a time in which the watchdog did not run, but no later than now: the server may
    /// have been started after the watchdog ran again.
    pub fn extend(&mut self, time: Duration, now: Instant) {
        let extend = |moment: Instant| (moment + time).min(now);
        self.last_alive = extend(self.last_alive);
        self.delivered = self.delivered.map(|(at, turn)| (extend(at), turn));
        self.last_accept = extend(self.last_accept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_server_that_does_nothing_hangs_two_seconds_after_its_last_answer() {
        let start = Instant::now();
        let mut silence = Silence::new(start);
        assert_eq!(silence.deadline(false), start + START_MAX);
        silence.set_delivered(0, start + 500 * MS);
        assert_eq!(silence.deadline(true), start + 2000 * MS);
        silence.end(start + 600 * MS);
        silence.set_delivered(0, start + 1100 * MS);
        assert_eq!(silence.deadline(true), start + 2600 * MS);
    }

    #[test]
    fn a_probe_that_connects_late_leaves_the_server_time_to_answer() {
        let start = Instant::now();
        let mut silence = Silence::new(start);
        assert_eq!(silence.deadline(true), start + START_MAX);
        silence.set_accepted(700, start + 4000 * MS);
        assert_eq!(silence.deadline(true), start + 4000 * MS + START_MAX);
        silence.set_delivered(0, start + 6000 * MS);
        assert_eq!(silence.deadline(true), start + 7500 * MS);
        silence.set_delivered(0, start + 7000 * MS);
        assert_eq!(silence.deadline(true), start + 7500 * MS, "a second probe is no sign of life");
    }

    #[test]
    fn a_probe_waits_for_the_connections_before_it_and_not_for_those_behind() {
        let start = Instant::now();
        let mut silence = Silence::new(start);
        silence.set_accepted(100, start);
        silence.set_delivered(1000, start + 500 * MS);
        silence.set_accepted(1099, start + 3000 * MS);
        assert_eq!(silence.deadline(true), start + 4500 * MS);
        silence.set_accepted(1100, start + 3100 * MS);
        silence.set_accepted(5000, start + 4000 * MS);
        assert_eq!(silence.deadline(true), start + 4600 * MS);
    }

    #[test]
    fn time_in_which_the_watchdog_did_not_run_counts_for_nothing() {
        let start = Instant::now();
        let mut silence = Silence::new(start);
        silence.set_delivered(0, start + 500 * MS);
        silence.extend(3000 * MS, start + 3600 * MS);
        assert_eq!(silence.deadline(true), start + 5000 * MS);
        silence.extend(3000 * MS, start + 3600 * MS);
        assert_eq!(silence.deadline(true), start + 5600 * MS, "no later than now");
    }
}
