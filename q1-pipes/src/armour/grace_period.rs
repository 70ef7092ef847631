//! How long a flood may delay a stop, since the stop record comes after all that was sent before.
//!
//! Stops: `q1_pipes_ending::a_flood_does_not_hold_up_the_stop`, and
//! `q1_pipes_ending::a_signal_to_a_worker_ends_nothing`.

use std::io;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::eventfd::{EfdFlags, EventFd};

/// How long a worker goes on after it was asked to stop, while every read finds a whole batch. A
/// full FIFO of an ordinary load is answered in a tenth of it.
const WAIT_MAX: Duration = Duration::from_millis(400);

/// The time that a worker still has for a FIFO that does not become empty.
#[derive(Debug)]
pub struct GracePeriod {
    /// The parent counts it up when it stops. No signal would do: anybody of this user can send one to
    /// a worker, and a second one of the same number is lost while the first is pending.
    stop: EventFd,
    asked: Option<Instant>,
}

impl GracePeriod {
    /// One that has not started; made before the fork.
    ///
    /// # Errors
    /// EMFILE, ENFILE. See eventfd(2).
    pub fn new() -> io::Result<GracePeriod> {
        let flags = EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC;
        Ok(GracePeriod { stop: EventFd::from_value_and_flags(0, flags)?, asked: None })
    }

    /// Asks the worker that has the other copy of this to stop.
    ///
    /// # Errors
    /// None that can happen. See eventfd(2).
    pub fn ask(&self) -> io::Result<()> {
        self.stop.write(1)?;
        Ok(())
    }

    /// Starts the period if the worker was asked to stop. To be called after a full read: that is
    /// one call for 64 requests at most.
    ///
    /// # Errors
    /// None that can happen. See eventfd(2).
    pub fn start_if_asked(&mut self) -> io::Result<()> {
        if self.asked.is_none() {
            match self.stop.read() {
                Err(Errno::EAGAIN) => {}
                asked => self.asked = asked.map(|_| Some(Instant::now()))?,
            }
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

    #[test]
    fn it_lasts_from_the_stop_on_and_not_for_ever() {
        let mut grace_period = GracePeriod::new().unwrap();
        grace_period.start_if_asked().unwrap();
        assert!(!grace_period.is_over() && grace_period.asked.is_none());
        grace_period.ask().unwrap();
        let before = Instant::now();
        while !grace_period.is_over() {
            grace_period.start_if_asked().unwrap();
            assert!(before.elapsed() < 10 * WAIT_MAX);
        }
        assert!(before.elapsed() > WAIT_MAX);
    }
}
