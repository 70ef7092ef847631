//! How many requests are being answered: detached threads cannot be joined, so they are counted.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use q2_msgqueue::backlog::PAUSE_MAX;

/// How long to wait for room. Threads that only need the processor leave within that; a flood of
/// requests waits in the queue then, and nobody is turned away.
const PATIENCE: Duration = Duration::from_millis(50);
// While the main thread waits nobody tries to send: the pressure must not seem over for that.
const _: () = assert!(PATIENCE.as_millis() < PAUSE_MAX.as_millis());

/// Counts the requests that have a thread, and lets no more in than there is room for.
#[derive(Clone, Debug, Default)]
pub struct Crowd {
    inside: Arc<(Mutex<Inside>, Condvar)>,
}

#[derive(Debug, Default)]
struct Inside {
    count: usize,
    /// For how many there was room when somebody came last; it is always the same thread that comes.
    room: usize,
    /// Nobody has left for so long that it is not worth waiting again before somebody does: all of
    /// them wait for a disk.
    stuck: bool,
}

/// One request's place; dropping it, also in a panic, makes room.
#[derive(Debug)]
pub struct Slot(Crowd);

impl Crowd {
    /// A place for one more where there is room for `room`, after a short wait if need be; None if
    /// there is no room.
    pub fn enter(&self, room: usize) -> Option<Slot> {
        let mut inside = self.lock();
        inside.room = room;
        if !inside.stuck {
            let is_full = |inside: &mut Inside| inside.count >= room;
            let waited = self.inside.1.wait_timeout_while(inside, PATIENCE, is_full);
            inside = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if inside.count >= room {
            inside.stuck = true;
            return None;
        }
        inside.count += 1;
        Some(Slot(self.clone()))
    }

    /// Waits until nobody is inside, until `deadline` at most; returns how many still are.
    pub fn wait_empty(&self, deadline: Instant) -> usize {
        let left = deadline.saturating_duration_since(Instant::now());
        let waited = self.inside.1.wait_timeout_while(self.lock(), left, |inside| inside.count > 0);
        waited.unwrap_or_else(PoisonError::into_inner).0.count
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        // Nothing can panic between lock and unlock here.
        self.inside.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut inside = self.0.lock();
        let was_full = inside.count == inside.room;
        inside.count -= 1;
        inside.stuck = false;
        if was_full || inside.count == 0 {
            self.0.inside.1.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn a_full_crowd_lets_nobody_in_until_somebody_leaves() {
        let crowd = Crowd::default();
        let (first, _second) = (crowd.enter(2).unwrap(), crowd.enter(2).unwrap());
        assert!(crowd.enter(2).is_none());
        let before = Instant::now();
        assert!(crowd.enter(2).is_none());
        assert!(before.elapsed() < PATIENCE, "who waited in vain does not wait again");
        drop(first);
        assert!(crowd.enter(2).is_some());
    }

    #[test]
    fn with_less_room_nobody_is_let_in_until_enough_have_left() {
        let crowd = Crowd::default();
        let (first, second) = (crowd.enter(2), crowd.enter(2));
        assert!(crowd.enter(1).is_none());
        drop(first);
        let before = Instant::now();
        assert!(crowd.enter(1).is_none());
        assert!(before.elapsed() >= PATIENCE, "somebody has left");
        drop(second);
        assert!(crowd.enter(1).is_some());
    }

    #[test]
    fn whoever_comes_while_others_leave_is_let_in() {
        let crowd = Crowd::default();
        let slot = crowd.enter(1);
        thread::spawn(move || drop(slot));
        // A loaded machine may take longer than we wait; then the next one is let in.
        assert!((0..1000).any(|_| crowd.enter(1).is_some()));
    }

    #[test]
    fn a_panic_gives_the_place_back() {
        let crowd = Crowd::default();
        let slot = crowd.enter(1);
        let died = thread::spawn(move || {
            let _slot = slot;
            panic!("a request panics");
        });
        assert!(died.join().is_err());
        assert!(crowd.enter(1).is_some());
    }

    #[test]
    fn the_wait_ends_with_the_last_one_or_in_time() {
        let crowd = Crowd::default();
        let slot = crowd.enter(1);
        assert_eq!(crowd.wait_empty(Instant::now()), 1);
        thread::spawn(move || drop(slot));
        assert_eq!(crowd.wait_empty(Instant::now() + Duration::from_secs(10)), 0);
    }
}
