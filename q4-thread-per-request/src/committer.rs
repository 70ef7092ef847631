//! The committer: the one thread that is the office, so that the reservations of many threads share
//! one sync.
//!
//! It knows nothing of where requests come from: whoever has one puts it in line, and waits for the
//! decision when and where it likes.

use std::convert::Infallible;

use anyhow::Context;
use common::office::{BATCH_MAX, Office};
use common::reply::Reply;
use common::request::Request;
use common::table::Table;
use crossbeam_channel::{Receiver, Sender, bounded, select};

/// The line's end that takes reservations; the committer ends when the last of them is gone.
///
/// Boxes stand in it: every place of a bounded channel is written when it is made.
#[derive(Clone, Debug)]
pub struct Line {
    pending: Sender<Box<Pending>>,
    gone: Receiver<Infallible>,
}

/// The line's other end, the committer's.
#[derive(Debug)]
pub struct Waiting {
    pending: Receiver<Box<Pending>>,
    /// Nothing is ever sent: that it is there tells that the committer is, even if it panics.
    _here: Sender<Infallible>,
}

/// A reservation on its way to the committer.
#[derive(Debug)]
pub struct Pending {
    request: Request,
    decided: Sender<Reply>,
}

/// A decision to come.
#[derive(Debug)]
pub struct Decision {
    decided: Receiver<Reply>,
    gone: Receiver<Infallible>,
}

/// A line in which `room` reservations can wait; a thread that adds one more waits for room.
pub fn line(room: usize) -> (Line, Waiting) {
    let (sender, receiver) = bounded(room);
    let (here, gone) = bounded(0);
    (Line { pending: sender, gone }, Waiting { pending: receiver, _here: here })
}

impl Line {
    /// A reservation that is not in line yet, and the decision that it will get.
    ///
    /// Two halves, so that the thread that waits for the decision can be another than the one that
    /// keeps the order.
    pub fn reservation(&self, request: Request) -> (Pending, Decision) {
        let (decided, decision) = bounded(1);
        (Pending { request, decided }, Decision { decided: decision, gone: self.gone.clone() })
    }

    /// Puts a reservation in line: they are decided in the order of these calls. If the committer
    /// is gone, the decision says so.
    pub fn submit(&self, pending: Pending) {
        // The error gives the reservation back; there is nobody to decide it.
        drop(self.pending.send(Box::new(pending)));
    }
}

impl Decision {
    /// Waits for the decision, which is durable; None if the committer is gone and nothing is
    /// promised.
    ///
    /// A reservation that was in line when the committer went stays there, and its sender with it:
    /// waiting for the decision alone could last for ever.
    pub fn wait(self) -> Option<Reply> {
        select! {
            recv(self.decided) -> reply => reply.ok(),
            recv(self.gone) -> _ => self.decided.try_recv().ok(),
        }
    }
}

/// The committer's life: decides whatever is waiting, makes it durable, publishes, and only then
/// tells.
///
/// # Errors
/// If a write or a sync fails. The reservations of that batch are told UNAVAILABLE; with the
/// committer gone, all others get no decision: there is no OK any more. See fsync(2).
pub fn run(mut office: Office, waiting: &Waiting, publish: impl Fn(&Table)) -> anyhow::Result<()> {
    let (mut batch, mut replies) = (Vec::new(), Vec::new());
    let mut deciders = Vec::new();
    // Only the first is waited for.
    while let Ok(first) = waiting.pending.recv() {
        batch.clear();
        for pending in [first].into_iter().chain(waiting.pending.try_iter()) {
            batch.push(pending.request);
            deciders.push(pending.decided);
            if batch.len() == BATCH_MAX {
                break;
            }
        }
        let written = office.decide(&batch, &mut replies);
        publish(office.table());
        for (decided, reply) in deciders.drain(..).zip(&replies) {
            // A thread that no longer waits for its decision is that request's loss.
            let _ = decided.send(*reply);
        }
        written.context("cannot make reservations durable")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::ask::Ask;
    use common::options::Durability;
    use common::reply::Status;
    use common::shows;
    use common::store::Store;
    use q3_threads::published::Published;

    fn office(dir: &std::path::Path) -> (Office, Published) {
        let (store, table) = Store::open(dir, Some(&shows::sample()), Durability::Power).unwrap();
        (Office::new(store, table, 42), Published::new(&table))
    }

    fn reserve(line: &Line, seats: i32) -> (Pending, Decision) {
        line.reservation(Request::new(7, 1, Ask::Reserve { show: 1, seats }))
    }

    #[test]
    fn what_waits_is_decided_in_order_and_published_before_it_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let (office, published) = office(dir.path());
        let (line, waiting) = line(200);
        let decisions: Vec<Decision> = (0..150)
            .map(|_| {
                let (pending, decision) = reserve(&line, 1);
                line.submit(pending);
                decision
            })
            .collect();
        drop(line);
        run(office, &waiting, |table| published.publish(table)).unwrap();
        for (n, decision) in decisions.into_iter().enumerate() {
            let reply = decision.wait().unwrap();
            assert_eq!((reply.status(), reply.seats.get()), (Some(Status::Ok), 199 - n as i32));
        }
        assert_eq!(published.read().rows[0].seats, 50);
    }

    #[test]
    fn without_a_committer_no_decision_is_waited_for() {
        let (line, waiting) = line(2);
        let (pending, in_line) = reserve(&line, 1);
        line.submit(pending);
        drop(waiting);
        let (pending, too_late) = reserve(&line, 1);
        line.submit(pending);
        assert_eq!(in_line.wait(), None);
        assert_eq!(too_late.wait(), None);
    }

    #[test]
    fn a_requester_that_is_gone_stops_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let (office, published) = office(dir.path());
        let (line, waiting) = line(2);
        let (pending, decision) = reserve(&line, 1);
        drop(decision);
        line.submit(pending);
        let (pending, decision) = reserve(&line, 1);
        line.submit(pending);
        drop(line);
        run(office, &waiting, |table| published.publish(table)).unwrap();
        assert_eq!(decision.wait().unwrap().seats, 198);
    }
}
