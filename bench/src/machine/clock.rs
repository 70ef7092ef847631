//! The one clock of all processes of a run: monotonic, in nanoseconds.

use nix::errno::Errno;
use nix::sys::time::TimeSpec;
use nix::time::{ClockId, ClockNanosleepFlags, clock_gettime, clock_nanosleep};

const SECOND: u64 = 1_000_000_000;

/// Nanoseconds since some moment that all processes of this machine share. See clock_gettime(2).
pub fn now() -> u64 {
    let time = clock_gettime(ClockId::CLOCK_MONOTONIC).expect("every Linux has this clock");
    time.tv_sec() as u64 * SECOND + time.tv_nsec() as u64
}

/// Sleeps until then; not at all if it has passed. See clock_nanosleep(2).
pub fn sleep_until(then: u64) {
    let until = TimeSpec::new((then / SECOND) as i64, (then % SECOND) as i64);
    // A client's alarm interrupts the sleep, which is why it ends at a moment and not after a time.
    while clock_nanosleep(ClockId::CLOCK_MONOTONIC, ClockNanosleepFlags::TIMER_ABSTIME, &until)
        == Err(Errno::EINTR)
    {}
}
