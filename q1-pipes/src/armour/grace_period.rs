//! How long a flood may delay a stop, since the stop record comes after all that was sent before.
//!
//! Stops: `q1_pipes_ending::a_flood_does_not_hold_up_the_stop`.

use std::io;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::sys;

/// How long a worker goes on after it was asked to stop, while every read finds a whole batch. A
/// full FIFO of an ordinary load is answered in a tenth of it.
const WAIT_MAX: Duration = Duration::from_millis(400);

/// The time that a worker still has for a FIFO that does not become empty.
#[derive(Debug, Default)]
pub struct GracePeriod {
    asked: Option<Instant>,
}

impl GracePeriod {
    /// Starts the period if the worker was asked to stop. To be called after a full read: that is
    /// one call for 64 requests at most.
    ///
    /// The parent sends SIGTERM together with the record. The signal is blocked here, so it
    /// interrupts nothing and runs no handler. It only becomes pending.
    ///
    /// # Errors
    /// None that can happen. See sigpending(2).
    pub fn start_if_asked(&mut self) -> io::Result<()> {
        if self.asked.is_none() && sys::sigpending()?.contains(Signal::SIGTERM) {
            self.asked = Some(Instant::now());
        }
        Ok(())
    }

    /// Whether the period has started and is over.
    pub fn is_over(&self) -> bool {
        self.asked.is_some_and(|asked| asked.elapsed() > WAIT_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::signal::{SigSet, raise};

    #[test]
    fn it_lasts_from_the_signal_on_and_not_for_ever() {
        let mut term = SigSet::empty();
        term.add(Signal::SIGTERM);
        term.thread_block().unwrap();
        let mut grace_period = GracePeriod::default();
        grace_period.start_if_asked().unwrap();
        assert!(!grace_period.is_over() && grace_period.asked.is_none());
        raise(Signal::SIGTERM).unwrap();
        let before = Instant::now();
        while !grace_period.is_over() {
            grace_period.start_if_asked().unwrap();
            assert!(before.elapsed() < 10 * WAIT_MAX);
        }
        assert!(before.elapsed() > WAIT_MAX);
        assert_eq!(term.wait(), Ok(Signal::SIGTERM));
    }
}
