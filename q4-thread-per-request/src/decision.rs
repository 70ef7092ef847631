//! A decision that one thread waits for and another tells: a slot, a lock, and a condition.
//!
//! The wait sleeps at once. Channels that try their luck for a while first are made for two
//! processors; where there is one, they take it from the thread that they wait for.

use std::sync::{Arc, Condvar, Mutex};

use common::reply::{Outcome, Status};

/// The end that waits.
#[derive(Debug)]
pub struct Decision(Arc<Slot>);

/// The end that tells, once; dropped without a word, it tells UNAVAILABLE: nothing is promised.
#[derive(Debug)]
pub struct Teller(Arc<Slot>);

#[derive(Debug, Default)]
struct Slot {
    outcome: Mutex<Option<Outcome>>,
    told: Condvar,
}

/// Why the lock is never poisoned.
const UNPOISONED: &str = "nothing panics while it holds a decision";

/// A decision that is not made yet.
pub fn pair() -> (Teller, Decision) {
    let slot = Arc::new(Slot::default());
    (Teller(slot.clone()), Decision(slot))
}

impl Teller {
    /// Tells the decision; if nobody waits for it any more, that is the request's loss.
    pub fn tell(self, outcome: Outcome) {
        self.end(outcome);
    }

    fn end(&self, outcome: Outcome) {
        let mut told = self.0.outcome.lock().expect(UNPOISONED);
        if told.is_none() {
            *told = Some(outcome);
            // Unlocked first, because the thread that wakes wants the lock.
            drop(told);
            self.0.told.notify_one();
        }
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        self.end(Outcome::only(Status::Unavailable));
    }
}

impl Decision {
    /// Waits for the decision, which is durable; UNAVAILABLE if there will be none.
    pub fn wait(self) -> Outcome {
        let outcome = self.0.outcome.lock().expect(UNPOISONED);
        let told = self.0.told.wait_while(outcome, |outcome| outcome.is_none());
        told.expect(UNPOISONED).expect("it was waited for")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn whoever_waits_is_told_or_hears_that_there_is_nothing_to_come() {
        let outcome = Outcome { status: Status::Ok, seats: 7 };
        for before in [false, true] {
            let (teller, decision) = pair();
            let tells = || teller.tell(outcome);
            let waits = thread::scope(|scope| {
                let told = scope.spawn(tells);
                if before {
                    told.join().unwrap();
                }
                decision.wait()
            });
            assert_eq!(waits, outcome);
        }
        let (teller, decision) = pair();
        let waits = thread::spawn(|| decision.wait());
        drop(teller);
        assert_eq!(waits.join().unwrap(), Outcome::only(Status::Unavailable));
        let (teller, decision) = pair();
        drop(decision);
        teller.tell(outcome);
    }
}
