//! The office: the one writer, which decides a batch of reservations and makes it durable before
//! anybody hears of it.

use std::io;

use crate::booking::store::Store;
use crate::booking::table::Table;
use crate::protocol::reply::{Outcome, Status};
use crate::protocol::request::Request;

/// Reservations decided and synced together at most.
///
/// A batch shares one fdatasync, which costs more than all messages of a reservation together: the
/// larger, the better the throughput. The bound keeps the first of a batch from waiting for the
/// last.
pub const BATCH_MAX: usize = 64;

/// The table that decides, and the file that remembers.
#[derive(Debug)]
pub struct Office {
    table: Table,
    store: Store,
    failed: bool,
}

impl Office {
    /// An office over an opened store.
    pub fn new(store: Store, table: Table) -> Office {
        Office { table, store, failed: false }
    }

    /// Decides `batch` in order and puts one outcome for each into `outcomes`; when this returns,
    /// they may be told.
    ///
    /// Refusals wait for the sync too: they quote counts that the batch has changed. A failed sync
    /// makes every outcome of this and all later batches UNAVAILABLE.
    ///
    /// # Errors
    /// As [`Store::write`]: tell the outcomes, then stop.
    pub fn decide(&mut self, batch: &[Request], outcomes: &mut Vec<Outcome>) -> io::Result<()> {
        let before = self.table;
        outcomes.clear();
        outcomes.extend(batch.iter().map(|request| self.table.decide(request)));
        let written = if self.failed {
            Err(io::Error::other("an earlier write failed"))
        } else {
            self.store.write(&before, &self.table)
        };
        if written.is_err() {
            self.failed = true;
            self.table = before;
            outcomes.fill(Outcome::only(Status::Unavailable));
        }
        written
    }

    /// The table after the last durable batch: what readers may see.
    pub fn table(&self) -> &Table {
        &self.table
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::booking::data_file::{self, DATA_FILE};
    use crate::booking::shows;
    use crate::booking::store::Durability;
    use crate::client::ask::Ask;

    fn reserve(show: i32, seats: i32) -> Request {
        Request::new(7, 1, Ask::Reserve { show, seats })
    }

    #[test]
    fn a_batch_is_decided_in_order_and_is_on_disk_when_the_replies_are_there() {
        let dir = tempfile::tempdir().unwrap();
        let (store, table) =
            Store::open(dir.path(), Some(&shows::sample()), Durability::Power).unwrap();
        let mut office = Office::new(store, table);
        let mut outcomes = Vec::new();
        office
            .decide(
                &[reserve(8, 30), reserve(8, 30), reserve(8, 10), reserve(99, 1)],
                &mut outcomes,
            )
            .unwrap();
        let seen: Vec<_> = outcomes.iter().map(|outcome| (outcome.status, outcome.seats)).collect();
        assert_eq!(
            seen,
            [
                (Status::Ok, 10),
                (Status::NotEnoughSeats, 10),
                (Status::Ok, 0),
                (Status::UnknownShow, 0)
            ]
        );
        let on_disk = data_file::read(&dir.path().join(DATA_FILE)).unwrap();
        assert_eq!(&on_disk, office.table());
    }

    #[test]
    fn after_a_failed_write_nothing_is_acknowledged_any_more_and_nothing_is_shown() {
        let dir = tempfile::tempdir().unwrap();
        let (mut store, table) =
            Store::open(dir.path(), Some(&shows::sample()), Durability::Power).unwrap();
        let path = dir.path().join(DATA_FILE);
        let writable = std::mem::replace(&mut store.file, std::fs::File::open(path).unwrap());
        let mut office = Office::new(store, table);
        let mut outcomes = Vec::new();
        let unavailable = Outcome::only(Status::Unavailable);
        // Refusals are not told either: one of them may quote a count that is not on disk.
        let batch = [reserve(8, 30), reserve(8, 30), reserve(99, 1)];
        assert!(office.decide(&batch, &mut outcomes).is_err());
        assert_eq!(outcomes, [unavailable; 3]);
        // The disk works again, but nobody knows what is on it.
        office.store.file = writable;
        assert!(office.decide(&[reserve(1, 1)], &mut outcomes).is_err());
        assert_eq!(outcomes, [unavailable]);
        assert_eq!(office.table(), &table);
    }
}
