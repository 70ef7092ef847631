//! A channel for one message: the decision about a reservation.
//!
//! The sender carries the request along, so that its place in the commit queue is one pointer.
//!
//! The receiver sleeps at once. `crossbeam_channel::bounded(1)` polls for a while before it sleeps:
//! on one processor that delays the sender, and reservations were 22 % slower.

use std::sync::{Arc, Condvar, Mutex};

use common::protocol::reply::{Outcome, Status};
use common::protocol::request::Request;

/// Sends the decision, once. Dropped before that, it sends UNAVAILABLE.
#[derive(Debug)]
pub struct Sender(Arc<Slot>);

/// Receives the decision.
#[derive(Debug)]
pub struct Receiver(Arc<Slot>);

#[derive(Debug)]
struct Slot {
    request: Request,
    outcome: Mutex<Option<Outcome>>,
    is_sent: Condvar,
}

/// Why the lock is never poisoned.
const UNPOISONED: &str = "nothing panics while it holds the outcome";

/// The two ends of a new channel, for the decision about `request`.
pub fn channel(request: Request) -> (Sender, Receiver) {
    let slot = Arc::new(Slot { request, outcome: Mutex::default(), is_sent: Condvar::new() });
    (Sender(slot.clone()), Receiver(slot))
}

impl Sender {
    /// What is to be decided.
    pub fn request(&self) -> Request {
        self.0.request
    }

    /// Sends the decision. If the receiver is gone, nothing happens.
    pub fn send(self, outcome: Outcome) {
        self.0.set(outcome);
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.0.set(Outcome::only(Status::Unavailable));
    }
}

impl Receiver {
    /// Waits for the decision.
    pub fn recv(self) -> Outcome {
        let outcome = self.0.outcome.lock().expect(UNPOISONED);
        let waited = self.0.is_sent.wait_while(outcome, |outcome| outcome.is_none());
        waited.expect(UNPOISONED).expect("the wait ends when there is an outcome")
    }
}

impl Slot {
    /// Only the first outcome counts: each sender is dropped after it has sent.
    fn set(&self, first: Outcome) {
        let mut outcome = self.outcome.lock().expect(UNPOISONED);
        if outcome.is_some() {
            return;
        }
        *outcome = Some(first);
        // Unlocked first, because the thread that wakes up takes the lock.
        drop(outcome);
        self.is_sent.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::client::ask::Ask;
    use std::thread;

    const OUTCOME: Outcome = Outcome { status: Status::Ok, seats: 7 };

    fn channel() -> (Sender, Receiver) {
        super::channel(Request::new(7, 1, Ask::Reserve { show: 1, seats: 1 }))
    }

    #[test]
    fn a_decision_arrives_before_or_after_somebody_waits_for_it() {
        for is_sent_first in [false, true] {
            let (sender, receiver) = channel();
            let received = thread::scope(|scope| {
                let sending = scope.spawn(|| sender.send(OUTCOME));
                if is_sent_first {
                    sending.join().unwrap();
                }
                receiver.recv()
            });
            assert_eq!(received, OUTCOME);
        }
    }

    #[test]
    fn a_sender_that_is_dropped_says_unavailable() {
        let (sender, receiver) = channel();
        let waits = thread::spawn(|| receiver.recv());
        drop(sender);
        assert_eq!(waits.join().unwrap(), Outcome::only(Status::Unavailable));
    }

    #[test]
    fn a_receiver_that_is_gone_stops_no_sender() {
        let (sender, receiver) = channel();
        drop(receiver);
        sender.send(OUTCOME);
    }
}
