//! The thread limit: counts the requests that have a thread, because detached threads cannot be
//! joined.
//!
//! This stops a flood, and a slow disk, from taking every thread of the machine: `threads`
//! `beyond_the_bound_a_request_is_told_busy_at_once_and_nothing_is_done`.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use q2_msgqueue::armour::backoff::PAUSE_MAX;

/// How long to wait for a permit. Threads that only need the processor end within that time. So a
/// flood of requests waits in the queue, and nobody is refused.
const WAIT_MAX: Duration = Duration::from_millis(50);
// While the main thread waits, nobody tries to send. The congestion must not seem over for that.
const _: () = assert!(WAIT_MAX.as_millis() < PAUSE_MAX.as_millis());

/// Counts the requests that have a thread, and gives out no more permits than there is room for.
#[derive(Clone, Debug, Default)]
pub struct ThreadLimit(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    running: Mutex<Running>,
    /// There is room again, or nobody is running.
    has_changed: Condvar,
}

#[derive(Debug, Default)]
struct Running {
    count: usize,
    /// The room at the last call of `acquire`; it is always the same thread that calls.
    room: usize,
    /// The last wait was in vain, and nobody has ended since: all of them wait for a disk. Until
    /// one ends, it is not worth waiting again.
    is_stuck: bool,
}

/// The right to one thread. Dropping it, also in a panic, makes room for another.
#[derive(Debug)]
pub struct Permit(ThreadLimit);

impl ThreadLimit {
    /// A permit for one more thread where `room` may run, after a short wait if need be. None if
    /// there is no room.
    pub fn acquire(&self, room: usize) -> Option<Permit> {
        let mut running = self.lock();
        running.room = room;
        if !running.is_stuck {
            let is_full = |running: &mut Running| running.count >= room;
            let waited = self.0.has_changed.wait_timeout_while(running, WAIT_MAX, is_full);
            running = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if running.count >= room {
            running.is_stuck = true;
            return None;
        }
        running.count += 1;
        Some(Permit(self.clone()))
    }

    /// Waits until nobody is running, until `deadline` at most; returns how many still are.
    pub fn wait_empty(&self, deadline: Instant) -> usize {
        let left = deadline.saturating_duration_since(Instant::now());
        let is_busy = |running: &mut Running| running.count > 0;
        let waited = self.0.has_changed.wait_timeout_while(self.lock(), left, is_busy);
        waited.unwrap_or_else(PoisonError::into_inner).0.count
    }

    fn lock(&self) -> MutexGuard<'_, Running> {
        // Nothing can panic between lock and unlock here.
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let limit = &self.0;
        let mut running = limit.lock();
        let was_full = running.count == running.room;
        running.count -= 1;
        running.is_stuck = false;
        if was_full || running.count == 0 {
            limit.0.has_changed.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn a_full_limit_gives_no_permit_until_one_is_returned() {
        let limit = ThreadLimit::default();
        let (first, _second) = (limit.acquire(2).unwrap(), limit.acquire(2).unwrap());
        assert!(limit.acquire(2).is_none());
        let before = Instant::now();
        assert!(limit.acquire(2).is_none());
        assert!(before.elapsed() < WAIT_MAX, "after a wait in vain there is no second one");
        drop(first);
        assert!(limit.acquire(2).is_some());
    }

    #[test]
    fn with_less_room_there_is_no_permit_until_enough_are_returned() {
        let limit = ThreadLimit::default();
        let (first, second) = (limit.acquire(2), limit.acquire(2));
        assert!(limit.acquire(1).is_none());
        drop(first);
        let before = Instant::now();
        assert!(limit.acquire(1).is_none());
        assert!(before.elapsed() >= WAIT_MAX, "one was returned, so it waits again");
        drop(second);
        assert!(limit.acquire(1).is_some());
    }

    #[test]
    fn a_permit_that_is_returned_meanwhile_is_given_out() {
        let limit = ThreadLimit::default();
        let permit = limit.acquire(1);
        thread::spawn(move || drop(permit));
        // A loaded machine may take longer than one wait; then a later call gets it.
        assert!((0..1000).any(|_| limit.acquire(1).is_some()));
    }

    #[test]
    fn a_panic_returns_the_permit() {
        let limit = ThreadLimit::default();
        let permit = limit.acquire(1);
        let died = thread::spawn(move || {
            let _permit = permit;
            panic!("a request panics");
        });
        assert!(died.join().is_err());
        assert!(limit.acquire(1).is_some());
    }

    #[test]
    fn the_wait_ends_with_the_last_one_or_in_time() {
        let limit = ThreadLimit::default();
        let permit = limit.acquire(1);
        assert_eq!(limit.wait_empty(Instant::now()), 1);
        thread::spawn(move || drop(permit));
        assert_eq!(limit.wait_empty(Instant::now() + Duration::from_secs(10)), 0);
    }
}
