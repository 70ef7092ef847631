//! The commit queue: reservations on their way to the committer, in the order of their arrival.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use common::booking::office::BATCH_MAX;
use crossbeam_channel::{Receiver, Sender, bounded};

use crate::oneshot;

/// Reservations that wait at most, two full batches; a thread with one more waits for room.
pub const CAPACITY: usize = 2 * BATCH_MAX;

/// The end of the queue that takes reservations. The committer ends with the last of its clones.
#[derive(Clone, Debug)]
pub struct CommitQueue {
    sender: Sender<oneshot::Sender>,
    reservations: Reservations,
}

/// The other end of the queue, the committer's.
#[derive(Debug)]
pub struct Batches(Reservations);

/// What is in the queue. Both ends have it: see [`CommitQueue::submit`].
#[derive(Clone, Debug)]
struct Reservations {
    receiver: Receiver<oneshot::Sender>,
    /// Whether the committer has ended.
    is_closed: Arc<AtomicBool>,
}

/// A queue in which `capacity` reservations can wait.
pub fn commit_queue(capacity: usize) -> (CommitQueue, Batches) {
    let (sender, receiver) = bounded(capacity);
    let reservations = Reservations { receiver, is_closed: Arc::default() };
    (CommitQueue { sender, reservations: reservations.clone() }, Batches(reservations))
}

impl CommitQueue {
    /// Puts a reservation into the queue, and waits for room if the queue is full. If the committer
    /// has ended, the decision is UNAVAILABLE.
    ///
    /// Crossbeam keeps what is in a queue without a receiver as long as there is a sender, and here
    /// each sender's thread would wait for its decision. So whoever finds the queue closed empties
    /// it. What came before the close, the committer has emptied itself.
    pub fn submit(&self, reservation: oneshot::Sender) {
        // It cannot fail, as this end has a receiver too; and what is dropped is UNAVAILABLE.
        drop(self.sender.send(reservation));
        if self.reservations.is_closed.load(Ordering::SeqCst) {
            self.reservations.discard();
        }
    }
}

impl Batches {
    /// Receives the reservations that wait, a batch at most, and waits for the first. False if the
    /// queue is empty and no reservation can come any more.
    pub(crate) fn receive(&self, batch: &mut Vec<oneshot::Sender>) -> bool {
        let Ok(first) = self.0.receiver.recv() else { return false };
        batch.push(first);
        batch.extend(self.0.receiver.try_iter().take(BATCH_MAX - 1));
        true
    }
}

impl Drop for Batches {
    /// Also in a panic: nobody waits for a committer that has ended.
    fn drop(&mut self) {
        self.0.is_closed.store(true, Ordering::SeqCst);
        self.0.discard();
    }
}

impl Reservations {
    /// Empties the queue: what was in it is UNAVAILABLE.
    fn discard(&self) {
        self.receiver.try_iter().for_each(drop);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::client::ask::Ask;
    use common::protocol::reply::{Outcome, Status};
    use common::protocol::request::Request;
    use std::thread;

    const UNAVAILABLE: Outcome = Outcome { status: Status::Unavailable, seats: 0 };

    fn submit(queue: &CommitQueue, seats: i32) -> oneshot::Receiver {
        let request = Request::new(7, 1, Ask::Reserve { show: 1, seats });
        let (reservation, decision) = oneshot::channel(request);
        queue.submit(reservation);
        decision
    }

    fn seats(batch: &[oneshot::Sender]) -> Vec<i32> {
        batch.iter().map(|reservation| reservation.request().seats.get()).collect()
    }

    #[test]
    fn without_a_committer_every_decision_is_unavailable() {
        let (queue, batches) = commit_queue(2);
        let received = submit(&queue, 1);
        let mut batch = Vec::new();
        assert!(batches.receive(&mut batch));
        let in_the_queue = submit(&queue, 1);
        drop((batches, batch));
        let too_late = submit(&queue, 1);
        for decision in [received, in_the_queue, too_late] {
            assert_eq!(decision.recv(), UNAVAILABLE);
        }
    }

    #[test]
    fn a_reservation_that_meets_the_committers_end_is_unavailable() {
        for _ in 0..2000 {
            let (queue, batches) = commit_queue(1);
            let told = thread::scope(|scope| {
                let submits = || [(); 3].map(|()| submit(&queue, 1).recv());
                let submitted = [scope.spawn(submits), scope.spawn(submits)];
                drop(batches);
                submitted.map(|thread| thread.join().unwrap())
            });
            assert_eq!(told, [[UNAVAILABLE; 3]; 2]);
        }
    }

    #[test]
    fn a_full_queue_has_room_again_when_some_are_received_or_the_committer_ends() {
        let (queue, batches) = commit_queue(1);
        let mut batch = Vec::new();
        let _first = submit(&queue, 1);
        thread::scope(|scope| {
            let second = scope.spawn(|| submit(&queue, 2));
            while batch.len() < 2 {
                assert!(batches.receive(&mut batch));
            }
            assert_eq!(seats(&batch), [1, 2]);
            drop(second.join().unwrap());
            let _third = submit(&queue, 3);
            let fourth = scope.spawn(|| submit(&queue, 4).recv());
            drop(batches);
            assert_eq!(fourth.join().unwrap(), UNAVAILABLE);
        });
    }

    #[test]
    fn a_batch_has_a_bound_and_keeps_the_order() {
        let count = BATCH_MAX as i32 + 1;
        let (queue, batches) = commit_queue(CAPACITY);
        let _decisions: Vec<_> = (0..count).map(|seats| submit(&queue, seats)).collect();
        let mut batch = Vec::new();
        assert!(batches.receive(&mut batch));
        assert_eq!(seats(&batch), (0..count - 1).collect::<Vec<i32>>());
    }

    #[test]
    fn the_queue_ends_with_its_last_sender_and_not_before_it_is_empty() {
        let (queue, batches) = commit_queue(2);
        let another = queue.clone();
        drop(queue);
        let decision = submit(&another, 1);
        drop(another);
        let mut batch = Vec::new();
        assert!(batches.receive(&mut batch));
        let outcome = Outcome { status: Status::Ok, seats: 7 };
        batch.remove(0).send(outcome);
        assert_eq!(decision.recv(), outcome);
        assert!(!batches.receive(&mut batch));
    }
}
