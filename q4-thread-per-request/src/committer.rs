//! The committer: the one thread that decides reservations, so that the reservations of many
//! threads share one sync.

use anyhow::Context;
use common::booking::office::Office;
use common::booking::table::Table;
use q3_threads::armour::workers::Workers;

use crate::commit_queue::Batches;

/// Starts the committer as one of the workers; it shows as `name` in `ps -L`. See [`run`].
///
/// # Errors
/// EAGAIN. See pthread_create(3).
#[inline(never)] // Inlined, its 4 KiB of stack would lie below all that the main thread calls.
pub fn start(
    workers: &mut Workers,
    name: &str,
    office: Office,
    batches: Batches,
    publish: impl Fn(&Table) + Send + 'static,
) -> anyhow::Result<()> {
    workers
        .start(name, move |ready| {
            ready.report()?;
            run(office, &batches, publish)
        })
        .context("cannot start a thread")
}

/// Decides what is in the queue batch by batch: makes a batch durable, publishes the table, and only
/// then sends the decisions.
///
/// # Errors
/// If a write or a sync fails. Then every reservation of that batch, and every later one, is
/// UNAVAILABLE: there is no OK any more. See fsync(2).
pub fn run(mut office: Office, batches: &Batches, publish: impl Fn(&Table)) -> anyhow::Result<()> {
    let mut batch = Vec::new();
    let mut requests = Vec::new();
    let mut outcomes = Vec::new();
    while batches.receive(&mut batch) {
        requests.clear();
        requests.extend(batch.iter().map(|reservation| reservation.request()));
        let written = office.decide(&requests, &mut outcomes);
        publish(office.table());
        for (reservation, &outcome) in batch.drain(..).zip(&outcomes) {
            reservation.send(outcome);
        }
        written.context("cannot make reservations durable")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commit_queue::{CommitQueue, commit_queue};
    use crate::oneshot;
    use common::booking::shows;
    use common::booking::store::Durability;
    use common::booking::store::Store;
    use common::client::ask::Ask;
    use common::protocol::reply::{Outcome, Reply, Status};
    use common::protocol::request::Request;
    use q3_threads::published::Published;

    fn office(dir: &std::path::Path) -> (Office, Published) {
        let (store, table) = Store::open(dir, Some(&shows::sample()), Durability::Power).unwrap();
        (Office::new(store, table), Published::new(&table))
    }

    fn reserve(queue: &CommitQueue, seats: i32) -> oneshot::Receiver {
        let request = Request::new(7, 1, Ask::Reserve { show: 1, seats });
        let (reservation, decision) = oneshot::channel(request);
        queue.submit(reservation);
        decision
    }

    #[test]
    fn what_waits_is_decided_in_order_and_published_before_it_is_sent() {
        let dir = tempfile::tempdir().unwrap();
        let (office, published) = office(dir.path());
        let (queue, batches) = commit_queue(200);
        let decisions: Vec<_> = (0..150).map(|_| reserve(&queue, 1)).collect();
        drop(queue);
        run(office, &batches, |table| published.publish(table)).unwrap();
        for (n, decision) in decisions.into_iter().enumerate() {
            let decided = Outcome { status: Status::Ok, seats: 199 - n as i32 };
            assert_eq!(decision.recv(), decided);
        }
        let mut view = Reply::default();
        published.answer(&Request::new(7, 1, Ask::View { show: 1 }), 42, &mut view);
        assert_eq!(view.seats, 50);
    }

    #[test]
    fn a_requester_that_is_gone_stops_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let (office, published) = office(dir.path());
        let (queue, batches) = commit_queue(2);
        drop(reserve(&queue, 1));
        let decision = reserve(&queue, 1);
        drop(queue);
        run(office, &batches, |table| published.publish(table)).unwrap();
        assert_eq!(decision.recv().seats, 198);
    }
}
