//! A repeating alarm for the calling thread: it interrupts a blocked call, which then compares its
//! deadline with the clock.
//!
//! Stops: `program::a_client_never_waits_longer_than_its_timeout`.

use std::io;
use std::time::Duration;

use common::program::exit::plain;
use nix::errno::Errno;
use nix::sys::signal::{SigEvent, SigSet, SigevNotify, Signal};
use nix::sys::timer::{Expiration, Timer, TimerSetTimeFlags};
use nix::time::ClockId;
use nix::unistd::gettid;

use crate::sys;

/// How often a blocked call is interrupted (EINTR). Neither a pipe's read nor msgrcv has a time-out
/// of its own.
const TICK: Duration = Duration::from_millis(100);

/// After a wait that was set, the alarm repeats this often.
const REPEAT: Duration = Duration::from_millis(1);

/// The alarm, as long as this lives.
///
/// A client has one repeating timer for all questions. A timer for each would cost two calls. And
/// if it fired once, just before the call it is meant for, that call would wait for ever.
#[derive(Debug)]
pub struct Ticks {
    timer: Timer,
}

impl Ticks {
    /// Has the kernel send SIGALRM to the calling thread, every 100 ms.
    ///
    /// # Errors
    /// EAGAIN if the system has no timer left. See timer_create(2).
    pub fn start() -> io::Result<Ticks> {
        let mut ticks = Ticks::stopped()?;
        ticks.set_both(TICK, TICK)?;
        Ok(ticks)
    }

    /// An alarm that does nothing before [`Ticks::set`].
    ///
    /// # Errors
    /// As [`Ticks::start`].
    pub fn stopped() -> io::Result<Ticks> {
        sys::interrupt_on_alarm()?;
        let mut alarm = SigSet::empty();
        alarm.add(Signal::SIGALRM);
        alarm.thread_unblock()?;
        let notify = SigevNotify::SigevThreadId {
            signal: Signal::SIGALRM,
            thread_id: gettid().as_raw(),
            si_value: 0,
        };
        let timer = Timer::new(ClockId::CLOCK_MONOTONIC, SigEvent::new(notify));
        Ok(Ticks { timer: timer.map_err(explain)? })
    }

    /// Sets the first alarm to this wait, and repeats it every millisecond after that. A single one
    /// could come before the call that it is to interrupt.
    ///
    /// # Errors
    /// None that can happen. See timer_settime(2).
    pub fn set(&mut self, wait: Duration) -> io::Result<()> {
        // A wait of zero would stop the timer.
        self.set_both(wait.max(Duration::from_nanos(1)), REPEAT)
    }

    /// Stops the alarm.
    ///
    /// # Errors
    /// None that can happen. See timer_settime(2).
    pub fn stop(&mut self) -> io::Result<()> {
        self.set_both(Duration::ZERO, Duration::ZERO)
    }

    fn set_both(&mut self, first: Duration, then: Duration) -> io::Result<()> {
        let expiration = Expiration::IntervalDelayed(first.into(), then.into());
        Ok(self.timer.set(expiration, TimerSetTimeFlags::empty())?)
    }
}

/// Each timer needs a signal that may wait, and a user may have so many of them only.
fn explain(errno: Errno) -> io::Error {
    let limit = match errno {
        Errno::EAGAIN => " (the limit of waiting signals, ulimit -i, is used up)",
        _ => "",
    };
    io::Error::other(format!("timer_create: {}{limit}", plain(&errno.into())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write, pipe};
    use std::thread;
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

    #[test]
    fn a_wait_that_is_set_ends_in_time_and_a_stopped_one_never_does() {
        let mut ticks = Ticks::stopped().unwrap();
        let (mut reader, mut writer) = pipe().unwrap();
        for wait in [Duration::ZERO, Duration::from_millis(30)] {
            let before = Instant::now();
            ticks.set(wait).unwrap();
            let error = reader.read(&mut [0]).unwrap_err();
            assert!(error.kind() == io::ErrorKind::Interrupted && before.elapsed() >= wait);
        }
        ticks.stop().unwrap();
        let later = thread::spawn(move || {
            thread::park_timeout(Duration::from_millis(20));
            writer.write_all(&[7]).unwrap();
        });
        assert_eq!(reader.read(&mut [0]).unwrap(), 1);
        later.join().unwrap();
    }
}
