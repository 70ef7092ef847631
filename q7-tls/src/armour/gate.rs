//! The gate: how many threads may compute handshakes at the same time.
//!
//! A handshake takes far more processor time than a request. This stops a flood of them from
//! delaying those who have done theirs: `tls` `half_done_handshakes_delay_nobody`.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A number of threads that may pass.
#[derive(Debug)]
pub struct Gate {
    free: Mutex<usize>,
    has_changed: Condvar,
}

impl Gate {
    /// A gate for so many at once.
    pub fn new(room: usize) -> Gate {
        Gate { free: Mutex::new(room), has_changed: Condvar::new() }
    }

    /// Calls `body` when there is room. It must not wait for a peer.
    pub fn pass<T>(&self, body: impl FnOnce() -> T) -> T {
        let is_full = |free: &mut usize| *free == 0;
        let waited = self.has_changed.wait_while(self.lock(), is_full);
        *waited.unwrap_or_else(PoisonError::into_inner) -= 1;
        let _leaves = Leaves(self);
        body()
    }

    fn lock(&self) -> MutexGuard<'_, usize> {
        // Nothing can panic between lock and unlock here.
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes room for the next, also in a panic.
struct Leaves<'a>(&'a Gate);

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        *self.0.lock() += 1;
        self.0.has_changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    #[test]
    fn no_more_pass_at_once_than_there_is_room_and_a_panic_makes_room() {
        let gate = Gate::new(2);
        let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for n in 0..16 {
                let (gate, inside, most) = (&gate, &inside, &most);
                let body = move || {
                    most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    thread::yield_now();
                    inside.fetch_sub(1, Ordering::SeqCst);
                    assert!(n % 5 > 0, "a body panics");
                };
                // Its panic is no panic of the scope.
                scope.spawn(move || {
                    let caught = std::panic::AssertUnwindSafe(|| gate.pass(body));
                    drop(std::panic::catch_unwind(caught));
                });
            }
        });
        assert!(most.into_inner() <= 2);
        assert_eq!(gate.pass(|| 7), 7);
    }
}
