//! How long a flood may delay a stop: the stop record stands behind whatever came first.

use std::io;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::sys;

/// How long a worker goes on answering, after it was asked to stop, when every read finds a whole
/// batch. An ordinary backlog, 64 kB, is answered in a tenth of it.
const WAIT_MAX: Duration = Duration::from_millis(400);

/// A worker's grace_period with a FIFO that does not become empty.
#[derive(Debug, Default)]
pub struct GracePeriod {
    asked: Option<Instant>,
}

impl GracePeriod {
    /// Whether the worker was asked to stop, and that was too long ago; to be called when a read
    /// was full, which makes it one call in 64 requests at most.
    ///
    /// The parent sends SIGTERM along with the record. It is blocked, so that it interrupts nothing
    /// and no handler runs: it is only looked for.
    ///
    /// # Errors
    /// None that can happen. See sigpending(2).
    pub fn is_over(&mut self) -> io::Result<bool> {
        if self.asked.is_none() && sys::sigpending()?.contains(Signal::SIGTERM) {
            self.asked = Some(Instant::now());
        }
        Ok(self.asked.is_some_and(|asked| asked.elapsed() > WAIT_MAX))
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
        assert!(!grace_period.is_over().unwrap() && grace_period.asked.is_none());
        raise(Signal::SIGTERM).unwrap();
        let before = Instant::now();
        while !grace_period.is_over().unwrap() {
            assert!(before.elapsed() < 10 * WAIT_MAX);
        }
        assert!(before.elapsed() > WAIT_MAX);
        assert_eq!(term.wait(), Ok(Signal::SIGTERM));
    }
}
