//! A decision that one thread waits for and another tells: a slot, a lock, and a condition.
//!
//! The wait sleeps at once. Channels that try their luck for a while first are made for two
//! processors; where there is one, they take it from the thread that they wait for.

use std::sync::{Arc, Condvar, Mutex};

use common::reply::Outcome;

/// The end that waits.
#[derive(Debug)]
pub struct Decision(Arc<Slot>);

/// The end that tells, once; dropped without a word, it tells that there is none to come.
#[derive(Debug)]
pub struct Teller(Arc<Slot>);

#[derive(Debug, Default)]
struct Slot {
    state: Mutex<State>,
    told: Condvar,
}

#[derive(Debug, Default)]
struct State {
    is_over: bool,
    /// None also when it is over: nobody decides any more.
    outcome: Option<Outcome>,
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
        self.end(Some(outcome));
    }

    fn end(&self, outcome: Option<Outcome>) {
        let mut state = self.0.state.lock().expect(UNPOISONED);
        if !state.is_over {
            *state = State { is_over: true, outcome };
            // Unlocked first, because the thread that wakes wants the lock.
            drop(state);
            self.0.told.notify_one();
        }
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        self.end(None);
    }
}

impl Decision {
    /// Waits for the decision, which is durable; None if there will be none, and nothing is
    /// promised.
    pub fn wait(self) -> Option<Outcome> {
        let state = self.0.state.lock().expect(UNPOISONED);
        let told = self.0.told.wait_while(state, |state| !state.is_over);
        told.expect(UNPOISONED).outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::reply::Status;
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
            assert_eq!(waits, Some(outcome));
        }
        let (teller, decision) = pair();
        let waits = thread::spawn(|| decision.wait());
        drop(teller);
        assert_eq!(waits.join().unwrap(), None);
        let (teller, decision) = pair();
        drop(decision);
        teller.tell(outcome);
    }
}
