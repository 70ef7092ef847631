//! The office: the one writer, which decides a batch of reservations and makes it durable before
//! anybody hears of it.

use std::io;

use crate::reply::{Reply, Status};
use crate::request::Request;
use crate::store::Store;
use crate::table::Table;

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
    server: i32,
    failed: bool,
}

impl Office {
    /// An office over an opened store; `server` is the PID its replies carry.
    pub fn new(store: Store, table: Table, server: i32) -> Office {
        Office { table, store, server, failed: false }
    }

    /// Decides `batch` in order and puts one reply for each into `replies`; when this returns, they
    /// may be sent.
    ///
    /// Refusals wait for the sync too: they quote counts that the batch has changed. A failed sync
    /// makes every reply of this and all later batches UNAVAILABLE.
    ///
    /// # Errors
    /// Of pwrite and fdatasync: send the replies, then stop. See fsync(2).
    pub fn decide(&mut self, batch: &[Request], replies: &mut Vec<Reply>) -> io::Result<()> {
        let before = self.table;
        replies.clear();
        // With so much room and no more: most batches are of one.
        replies.reserve_exact(batch.len());
        replies.extend(batch.iter().map(|request| self.table.reserve(request, self.server)));
        let written = if self.failed {
            Err(io::Error::other("an earlier write failed"))
        } else {
            self.store.write(&before, &self.table)
        };
        if written.is_err() {
            self.failed = true;
            self.table = before;
            replies.clear();
            replies.extend(
                batch.iter().map(|request| Reply::new(request, Status::Unavailable, self.server)),
            );
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
    use crate::ask::Ask;
    use crate::options::Durability;
    use crate::shows;

    fn reserve(show: i32, seats: i32) -> Request {
        Request::new(7, 1, Ask::Reserve { show, seats })
    }

    #[test]
    fn a_batch_is_decided_in_order_and_is_on_disk_when_the_replies_are_there() {
        let dir = tempfile::tempdir().unwrap();
        let (store, table) =
            Store::open(dir.path(), Some(&shows::sample()), Durability::Power).unwrap();
        let mut office = Office::new(store, table, 42);
        let mut replies = Vec::new();
        office
            .decide(&[reserve(8, 30), reserve(8, 30), reserve(8, 10), reserve(99, 1)], &mut replies)
            .unwrap();
        let seen: Vec<_> =
            replies.iter().map(|reply| (reply.status().unwrap(), reply.seats.get())).collect();
        assert_eq!(
            seen,
            [
                (Status::Ok, 10),
                (Status::NotEnoughSeats, 10),
                (Status::Ok, 0),
                (Status::UnknownShow, 0)
            ]
        );
        let (_, on_disk) = Store::open(dir.path(), None, Durability::Power).unwrap();
        assert_eq!(&on_disk, office.table());
    }

    #[test]
    fn after_a_failed_write_nothing_is_acknowledged_any_more_and_nothing_is_shown() {
        let dir = tempfile::tempdir().unwrap();
        let (mut store, table) =
            Store::open(dir.path(), Some(&shows::sample()), Durability::Power).unwrap();
        let path = dir.path().join(crate::data_file::DATA_FILE);
        let writable = std::mem::replace(&mut store.file, std::fs::File::open(path).unwrap());
        let mut office = Office::new(store, table, 42);
        let mut replies = Vec::new();
        let unavailable = |replies: &[Reply]| {
            replies.iter().all(|reply| reply.status() == Some(Status::Unavailable))
        };
        // Refusals are not told either: one of them may quote a count that is not on disk.
        let batch = [reserve(8, 30), reserve(8, 30), reserve(99, 1)];
        assert!(office.decide(&batch, &mut replies).is_err());
        assert!(replies.len() == 3 && unavailable(&replies));
        // The disk works again, but nobody knows what is on it.
        office.store.file = writable;
        assert!(office.decide(&[reserve(1, 1)], &mut replies).is_err());
        assert!(replies.len() == 1 && unavailable(&replies));
        assert_eq!(office.table(), &table);
    }
}
