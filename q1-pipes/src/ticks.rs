//! A repeating alarm for the calling thread, so that a blocked call wakes to look at the clock.

use std::io;
use std::time::Duration;

use nix::sys::signal::{SigEvent, SigSet, SigevNotify, Signal};
use nix::sys::time::TimeSpec;
use nix::sys::timer::{Expiration, Timer, TimerSetTimeFlags};
use nix::time::ClockId;
use nix::unistd::gettid;

use crate::sys;

/// How often a blocked call wakes with EINTR to compare its deadline with the clock: neither a
/// pipe's read nor msgrcv has a time-out of its own.
const TICK: Duration = Duration::from_millis(100);

/// The alarm, as long as this lives.
///
/// One repeating timer for all questions: a timer for each would cost two calls, and one that fires
/// just before the call it is meant for would be lost.
#[derive(Debug)]
pub struct Ticks {
    _timer: Timer,
}

impl Ticks {
    /// Has SIGALRM sent to the calling thread again and again.
    ///
    /// # Errors
    /// EAGAIN if the system has no timer left. See timer_create(2).
    pub fn start() -> io::Result<Ticks> {
        sys::interrupt_on_alarm()?;
        let mut alarm = SigSet::empty();
        alarm.add(Signal::SIGALRM);
        alarm.thread_unblock()?;
        let notify = SigevNotify::SigevThreadId {
            signal: Signal::SIGALRM,
            thread_id: gettid().as_raw(),
            si_value: 0,
        };
        let mut timer = Timer::new(ClockId::CLOCK_MONOTONIC, SigEvent::new(notify))?;
        timer.set(Expiration::Interval(TimeSpec::from(TICK)), TimerSetTimeFlags::empty())?;
        Ok(Ticks { _timer: timer })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, pipe};
    use std::time::Instant;

    #[test]
    fn a_blocked_read_wakes_again_and_again() {
        let _ticks = Ticks::start().unwrap();
        let (mut reader, _writer) = pipe().unwrap();
        let before = Instant::now();
        for _ in 0..3 {
            let error = reader.read(&mut [0]).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::Interrupted);
        }
        assert!(before.elapsed() >= 2 * TICK);
    }
}
