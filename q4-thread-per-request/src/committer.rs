//! The committer: the one thread that is the office, so that the reservations of many threads share
//! one sync.

use anyhow::Context;
use common::office::Office;
use common::table::Table;

use crate::line::Waiting;

/// The committer's life: decides whatever is waiting, makes it durable, publishes, and only then
/// tells.
///
/// # Errors
/// If a write or a sync fails. The reservations of that batch are told UNAVAILABLE; with the
/// committer gone, all others get no decision: there is no OK any more. See fsync(2).
pub fn run(mut office: Office, waiting: &Waiting, publish: impl Fn(&Table)) -> anyhow::Result<()> {
    let (mut pending, mut batch, mut outcomes) = (Vec::new(), Vec::new(), Vec::new());
    while waiting.take(&mut pending) {
        batch.clear();
        batch.extend(pending.iter().map(|pending| pending.request));
        let written = office.decide(&batch, &mut outcomes);
        publish(office.table());
        for (pending, &outcome) in pending.drain(..).zip(&outcomes) {
            pending.teller.tell(outcome);
        }
        written.context("cannot make reservations durable")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::Decision;
    use crate::line::{Line, Pending, line};
    use common::ask::Ask;
    use common::options::Durability;
    use common::reply::{Outcome, Reply, Status};
    use common::request::Request;
    use common::shows;
    use common::store::Store;
    use q3_threads::published::Published;

    fn office(dir: &std::path::Path) -> (Office, Published) {
        let (store, table) = Store::open(dir, Some(&shows::sample()), Durability::Power).unwrap();
        (Office::new(store, table), Published::new(&table))
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
            let decided = Outcome { status: Status::Ok, seats: 199 - n as i32 };
            assert_eq!(decision.wait(), decided);
        }
        let mut view = Reply::default();
        published.answer(&Request::new(7, 1, Ask::View { show: 1 }), 42, &mut view);
        assert_eq!(view.seats, 50);
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
        assert_eq!(decision.wait().seats, 198);
    }
}
