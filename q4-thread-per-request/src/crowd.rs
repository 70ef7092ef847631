//! How many requests are being answered: detached threads cannot be joined, so they are counted.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Counts the requests that have a thread, and lets no more in than there is room for.
#[derive(Clone, Debug)]
pub struct Crowd {
    inside: Arc<(Mutex<usize>, Condvar)>,
    room: usize,
}

/// One request's place; dropping it, also in a panic, makes room.
#[derive(Debug)]
pub struct Slot(Crowd);

impl Crowd {
    /// Nobody inside, and room for `room`.
    pub fn new(room: usize) -> Crowd {
        Crowd { inside: Arc::default(), room }
    }

    /// A place for one more; None if there is no room.
    pub fn enter(&self) -> Option<Slot> {
        let mut inside = self.lock();
        if *inside == self.room {
            return None;
        }
        *inside += 1;
        Some(Slot(self.clone()))
    }

    /// Waits until nobody is inside, until `deadline` at most; returns how many still are.
    pub fn wait_empty(&self, deadline: Instant) -> usize {
        let left = deadline.saturating_duration_since(Instant::now());
        let waited = self.inside.1.wait_timeout_while(self.lock(), left, |inside| *inside > 0);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn lock(&self) -> MutexGuard<'_, usize> {
        // Nothing can panic between lock and unlock here.
        self.inside.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut inside = self.0.lock();
        *inside -= 1;
        if *inside == 0 {
            self.0.inside.1.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;
    use std::time::Duration;

    #[test]
    fn a_full_crowd_lets_nobody_in_until_somebody_leaves() {
        let crowd = Crowd::new(2);
        let (first, _second) = (crowd.enter().unwrap(), crowd.enter().unwrap());
        assert!(crowd.enter().is_none());
        drop(first);
        assert!(crowd.enter().is_some());
    }

    #[test]
    fn a_panic_gives_the_place_back() {
        let crowd = Crowd::new(1);
        let slot = crowd.enter();
        let died = thread::spawn(move || {
            let _slot = slot;
            panic!("a request panics");
        });
        assert!(died.join().is_err());
        assert!(crowd.enter().is_some());
    }

    #[test]
    fn the_wait_ends_with_the_last_one_or_in_time() {
        let crowd = Crowd::new(1);
        let slot = crowd.enter();
        assert_eq!(crowd.wait_empty(Instant::now()), 1);
        thread::spawn(move || drop(slot));
        assert_eq!(crowd.wait_empty(Instant::now() + Duration::from_secs(10)), 0);
    }
}
