//! How many requests are being answered: detached threads cannot be joined, so they are counted.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use q2_msgqueue::armour::backoff::PAUSE_MAX;

/// How long to wait for room. Threads that only need the processor leave within that; a flood of
/// requests waits in the queue then, and nobody is turned away.
const WAIT_MAX: Duration = Duration::from_millis(50);
// While the main thread waits nobody tries to send: the pressure must not seem over for that.
const _: () = assert!(WAIT_MAX.as_millis() < PAUSE_MAX.as_millis());

/// Counts the requests that have a thread, and lets no more in than there is room for.
#[derive(Clone, Debug, Default)]
pub struct ThreadLimit {
    running: Arc<(Mutex<Running>, Condvar)>,
}

#[derive(Debug, Default)]
struct Running {
    count: usize,
    /// For how many there was room when somebody came last; it is always the same thread that comes.
    room: usize,
    /// Nobody has left for so long that it is not worth waiting again before somebody does: all of
    /// them wait for a disk.
    stuck: bool,
}

/// One request's place; dropping it, also in a panic, makes room.
#[derive(Debug)]
pub struct Permit(ThreadLimit);

impl ThreadLimit {
    /// A place for one more where there is room for `room`, after a short wait if need be; None if
    /// there is no room.
    pub fn acquire(&self, room: usize) -> Option<Permit> {
        let mut running = self.lock();
        running.room = room;
        if !running.stuck {
            let is_full = |running: &mut Running| running.count >= room;
            let waited = self.running.1.wait_timeout_while(running, WAIT_MAX, is_full);
            running = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if running.count >= room {
            running.stuck = true;
            return None;
        }
        running.count += 1;
        Some(Permit(self.clone()))
    }

    /// Waits until nobody is running, until `deadline` at most; returns how many still are.
    pub fn wait_empty(&self, deadline: Instant) -> usize {
        let left = deadline.saturating_duration_since(Instant::now());
        let waited =
            self.running.1.wait_timeout_while(self.lock(), left, |running| running.count > 0);
        waited.unwrap_or_else(PoisonError::into_inner).0.count
    }

    fn lock(&self) -> MutexGuard<'_, Running> {
        // Nothing can panic between lock and unlock here.
        self.running.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut running = self.0.lock();
        let was_full = running.count == running.room;
        running.count -= 1;
        running.stuck = false;
        if was_full || running.count == 0 {
            self.0.running.1.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn a_full_crowd_lets_nobody_in_until_somebody_leaves() {
        let limit = ThreadLimit::default();
        let (first, _second) = (limit.acquire(2).unwrap(), limit.acquire(2).unwrap());
        assert!(limit.acquire(2).is_none());
        let before = Instant::now();
        assert!(limit.acquire(2).is_none());
        assert!(before.elapsed() < WAIT_MAX, "who waited in vain does not wait again");
        drop(first);
        assert!(limit.acquire(2).is_some());
    }

    #[test]
    fn with_less_room_nobody_is_let_in_until_enough_have_left() {
        let limit = ThreadLimit::default();
        let (first, second) = (limit.acquire(2), limit.acquire(2));
        assert!(limit.acquire(1).is_none());
        drop(first);
        let before = Instant::now();
        assert!(limit.acquire(1).is_none());
        assert!(before.elapsed() >= WAIT_MAX, "somebody has left");
        drop(second);
        assert!(limit.acquire(1).is_some());
    }

    #[test]
    fn whoever_comes_while_others_leave_is_let_in() {
        let limit = ThreadLimit::default();
        let slot = limit.acquire(1);
        thread::spawn(move || drop(slot));
        // A loaded machine may take longer than we wait; then the next one is let in.
        assert!((0..1000).any(|_| limit.acquire(1).is_some()));
    }

    #[test]
    fn a_panic_gives_the_place_back() {
        let limit = ThreadLimit::default();
        let slot = limit.acquire(1);
        let died = thread::spawn(move || {
            let _slot = slot;
            panic!("a request panics");
        });
        assert!(died.join().is_err());
        assert!(limit.acquire(1).is_some());
    }

    #[test]
    fn the_wait_ends_with_the_last_one_or_in_time() {
        let limit = ThreadLimit::default();
        let slot = limit.acquire(1);
        assert_eq!(limit.wait_empty(Instant::now()), 1);
        thread::spawn(move || drop(slot));
        assert_eq!(limit.wait_empty(Instant::now() + Duration::from_secs(10)), 0);
    }
}
