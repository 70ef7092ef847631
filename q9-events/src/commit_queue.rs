//! The commit queue: reservations on their way from the loop to the disk thread, in the order of
//! their arrival.
//!
//! A connection has one group here at most: the loop takes nothing more from it until the group is
//! answered. So the number of connections bounds the queue, and the loop never waits for room.

use std::collections::VecDeque;
use std::iter::once;
use std::mem::take;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use common::protocol::request::Request;

use crate::write_half::WriteHalf;

/// Reservations that share one sync at most. With 64 of them, 512 connections were served 22 % slower.
pub(crate) const BATCH_MAX: usize = 256;

/// Reservations of one connection that have arrived together: decided and answered in their order.
#[derive(Debug)]
pub(crate) struct Group {
    /// Where the replies go.
    pub(crate) half: Arc<WriteHalf>,
    first: Request,
    /// Mostly none, and then it allocates nothing.
    others: Vec<Request>,
}

impl Group {
    /// A group of one.
    pub(crate) fn new(half: Arc<WriteHalf>, request: Request) -> Group {
        Group { half, first: request, others: Vec::new() }
    }

    /// One more.
    pub(crate) fn push(&mut self, request: Request) {
        self.others.push(request);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        1 + self.others.len()
    }

    /// All of them.
    pub(crate) fn requests(&self) -> impl Iterator<Item = &Request> {
        once(&self.first).chain(&self.others)
    }
}

/// The queue, which the two threads share.
#[derive(Debug, Default)]
pub(crate) struct CommitQueue {
    state: Mutex<State>,
    has_changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Group>,
    is_closed: bool,
    /// Whether the disk thread waits. Only then is it woken, which is a system call.
    is_idle: bool,
}

impl CommitQueue {
    /// Submits all groups of a turn. If the queue is closed, they stay where they are.
    pub(crate) fn submit(&self, groups: &mut Vec<Group>) {
        let mut state = self.lock();
        if state.is_closed {
            return;
        }
        state.waiting.extend(groups.drain(..));
        let wakes = !state.waiting.is_empty() && take(&mut state.is_idle);
        // First the lock: the other thread would wake up only to sleep on it.
        drop(state);
        if wakes {
            self.has_changed.notify_one();
        }
    }

    /// Receives the groups that wait, a batch at most, and waits for the first. False when the queue
    /// is closed.
    pub(crate) fn receive(&self, batch: &mut Vec<Group>) -> bool {
        let mut state = self.lock();
        while state.waiting.is_empty() && !state.is_closed {
            state.is_idle = true;
            state = self.has_changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.is_idle = false;
        let mut room = BATCH_MAX;
        while state.waiting.front().is_some_and(|group| group.len() <= room) {
            let group = state.waiting.pop_front().expect("it was looked at just now");
            room -= group.len();
            batch.push(group);
        }
        !batch.is_empty()
    }

    /// Closes the queue, and returns what has not been received: nobody will decide it.
    pub(crate) fn close(&self) -> VecDeque<Group> {
        let mut state = self.lock();
        state.is_closed = true;
        self.has_changed.notify_one();
        take(&mut state.waiting)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing can panic between lock and unlock here.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::client::ask::Ask;
    use std::net::{TcpListener, TcpStream};
    use std::thread;

    fn group(len: usize) -> Group {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = listener.local_addr().unwrap();
        let stream = TcpStream::connect(peer).unwrap();
        let request = Request::new(7, 1, Ask::Reserve { show: 1, seats: 1 });
        let mut group = Group::new(Arc::new(WriteHalf::new(len as u64, stream, peer)), request);
        (1..len).for_each(|_| group.push(request));
        group
    }

    fn receive(queue: &CommitQueue) -> Vec<usize> {
        let mut batch = Vec::new();
        queue.receive(&mut batch);
        batch.iter().map(Group::len).collect()
    }

    #[test]
    fn a_batch_is_of_whole_groups_in_their_order_and_has_a_bound() {
        let queue = CommitQueue::default();
        queue.submit(&mut [64, 64, 1, 64, 64, 2].map(group).into());
        assert_eq!(receive(&queue), [64, 64, 1, 64]);
        assert_eq!(receive(&queue), [64, 2]);
    }

    #[test]
    fn a_closed_queue_gives_back_what_waits_and_takes_nothing() {
        let queue = CommitQueue::default();
        queue.submit(&mut vec![group(1), group(2)]);
        assert_eq!(queue.close().iter().map(Group::len).collect::<Vec<_>>(), [1, 2]);
        let mut late = vec![group(3)];
        queue.submit(&mut late);
        assert_eq!((late.len(), receive(&queue)), (1, vec![]));
    }

    #[test]
    fn whoever_waits_is_woken_by_a_submission_and_by_the_close() {
        for _ in 0..200 {
            let queue = CommitQueue::default();
            thread::scope(|scope| {
                let waits = scope.spawn(|| (receive(&queue), receive(&queue)));
                queue.submit(&mut vec![group(1)]);
                queue.submit(&mut Vec::new());
                while !queue.lock().waiting.is_empty() {
                    thread::yield_now();
                }
                queue.close();
                assert_eq!(waits.join().unwrap(), (vec![1], vec![]));
            });
        }
    }
}
