//! The line to the committer, in which reservations wait for their turn.
//!
//! It knows nothing of where requests come from: whoever has one puts it in line, and waits for the
//! decision when and where it likes.

use std::collections::VecDeque;
use std::mem::take;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use common::office::BATCH_MAX;
use common::request::Request;

use crate::decision::{self, Decision, Teller};

/// The line's end that takes reservations; the committer ends when the last of them is gone.
#[derive(Debug)]
pub struct Line(Arc<Shared>);

/// The line's other end, the committer's.
#[derive(Debug)]
pub struct Waiting(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    /// The queue is no longer empty, or the last line is gone.
    arrived: Condvar,
    /// The queue is no longer full, or the committer is gone.
    left: Condvar,
    /// How many can wait.
    room: usize,
}

#[derive(Debug)]
struct Queue {
    pending: VecDeque<Pending>,
    lines: usize,
    has_committer: bool,
}

/// A reservation on its way to the committer; dropped, it tells that it is not decided.
#[derive(Debug)]
pub struct Pending {
    /// What is asked.
    pub request: Request,
    /// Tells the decision.
    pub teller: Teller,
}

/// Why the lock is never poisoned.
const UNPOISONED: &str = "nothing panics while it holds the line";

/// A line in which `room` reservations can wait; a thread that adds one more waits for room.
pub fn line(room: usize) -> (Line, Waiting) {
    let queue = Queue { pending: VecDeque::new(), lines: 1, has_committer: true };
    let shared =
        Shared { queue: Mutex::new(queue), arrived: Condvar::new(), left: Condvar::new(), room };
    let shared = Arc::new(shared);
    (Line(shared.clone()), Waiting(shared))
}

impl Line {
    /// A reservation that is not in line yet, and the decision that it will get.
    ///
    /// Two halves, so that the thread that waits for the decision can be another than the one that
    /// keeps the order.
    pub fn reservation(&self, request: Request) -> (Pending, Decision) {
        let (teller, decision) = decision::pair();
        (Pending { request, teller }, decision)
    }

    /// Puts a reservation in line: they are decided in the order in which they find room there. If
    /// the committer is gone, the decision says so.
    pub fn submit(&self, pending: Pending) {
        let is_full = |queue: &mut Queue| queue.pending.len() >= self.0.room && queue.has_committer;
        let waited = self.0.left.wait_while(self.0.lock(), is_full);
        let mut queue = waited.expect(UNPOISONED);
        if !queue.has_committer {
            return;
        }
        queue.pending.push_back(pending);
        let is_first = queue.pending.len() == 1;
        drop(queue);
        // Behind a first one the committer comes by anyway.
        if is_first {
            self.0.arrived.notify_one();
        }
    }
}

impl Clone for Line {
    fn clone(&self) -> Line {
        self.0.lock().lines += 1;
        Line(self.0.clone())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.0.lock().lines -= 1;
        self.0.arrived.notify_one();
    }
}

impl Waiting {
    /// Takes what is waiting, up to a batch; waits for the first. False if there will be no more.
    pub(crate) fn take(&self, batch: &mut Vec<Pending>) -> bool {
        let is_empty = |queue: &mut Queue| queue.pending.is_empty() && queue.lines > 0;
        let waited = self.0.arrived.wait_while(self.0.lock(), is_empty);
        let mut queue = waited.expect(UNPOISONED);
        let was_full = queue.pending.len() >= self.0.room;
        let count = queue.pending.len().min(BATCH_MAX);
        batch.extend(queue.pending.drain(..count));
        drop(queue);
        if was_full {
            self.0.left.notify_all();
        }
        count > 0
    }
}

impl Drop for Waiting {
    /// Also in a panic: nobody waits for a committer that is gone.
    fn drop(&mut self) {
        let mut queue = self.0.lock();
        queue.has_committer = false;
        let undecided = take(&mut queue.pending);
        drop(queue);
        drop(undecided);
        self.0.left.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().expect(UNPOISONED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::ask::Ask;
    use common::reply::{Outcome, Status};
    use std::thread;

    fn reserve(line: &Line, seats: i32) -> (Pending, Decision) {
        line.reservation(Request::new(7, 1, Ask::Reserve { show: 1, seats }))
    }

    #[test]
    fn without_a_committer_no_decision_is_waited_for() {
        let (line, waiting) = line(2);
        let (pending, in_line) = reserve(&line, 1);
        line.submit(pending);
        let (pending, taken) = reserve(&line, 1);
        line.submit(pending);
        let mut batch = Vec::new();
        assert!(waiting.take(&mut batch));
        let (pending, still_in_line) = reserve(&line, 1);
        line.submit(pending);
        drop((waiting, batch));
        let (pending, too_late) = reserve(&line, 1);
        line.submit(pending);
        let decisions = [in_line, taken, still_in_line, too_late];
        let unavailable = Outcome::only(Status::Unavailable);
        assert!(decisions.into_iter().all(|decision| decision.wait() == unavailable));
    }

    #[test]
    fn a_full_line_lets_the_next_in_when_some_are_taken_and_when_the_committer_is_gone() {
        let (line, waiting) = line(1);
        line.submit(reserve(&line, 1).0);
        let (second, third) = (reserve(&line, 2), reserve(&line, 3));
        thread::scope(|scope| {
            scope.spawn(|| line.submit(second.0));
            let mut batch = Vec::new();
            while batch.len() < 2 {
                assert!(waiting.take(&mut batch));
            }
            let seats: Vec<i32> = batch.iter().map(|one| one.request.seats.get()).collect();
            assert_eq!(seats, [1, 2]);
            line.submit(reserve(&line, 4).0);
            scope.spawn(|| line.submit(third.0));
            drop(waiting);
        });
        assert_eq!(third.1.wait(), Outcome::only(Status::Unavailable));
    }

    #[test]
    fn a_decision_is_waited_for_and_the_line_ends_with_its_last_end() {
        let (line, waiting) = line(2);
        let another = line.clone();
        let (pending, decision) = reserve(&line, 1);
        let outcome = Outcome { status: Status::Ok, seats: 7 };
        let waits = thread::spawn(|| decision.wait());
        drop(line);
        another.submit(pending);
        let mut batch = Vec::new();
        assert!(waiting.take(&mut batch));
        batch.remove(0).teller.tell(outcome);
        assert_eq!(waits.join().unwrap(), outcome);
        let last = thread::spawn(|| drop(another));
        assert!(!waiting.take(&mut batch));
        last.join().unwrap();
    }
}
