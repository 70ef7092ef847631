//! The published table: threads share their memory anyway, so a lock around it is all there is.

use std::sync::{PoisonError, RwLock};

use common::booking::table::Table;
use common::protocol::reply::Reply;
use common::protocol::request::Request;

/// The table that every consultation sees.
#[derive(Debug)]
pub struct Published {
    table: RwLock<Table>,
}

impl Published {
    /// Publishes `table`.
    pub fn new(table: &Table) -> Published {
        Published { table: RwLock::new(*table) }
    }

    /// Answers a consultation from the table as it was published last.
    ///
    /// A thread that panics while it holds the lock marks it as poisoned. Here it can only have
    /// been copying one legal table over another, so the mark says nothing and is ignored.
    pub fn answer(&self, request: &Request, server: i32, reply: &mut Reply) {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        table.answer(request, server, reply);
    }

    /// Publishes a table, which must be durable already.
    pub fn publish(&self, table: &Table) {
        *self.table.write().unwrap_or_else(PoisonError::into_inner) = *table;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::booking::shows;
    use common::client::ask::Ask;

    #[test]
    fn a_thread_that_dies_with_the_lock_takes_nobody_with_it() {
        let published = Published::new(&Table::new());
        let died = std::thread::scope(|scope| {
            let holder = scope.spawn(|| {
                let _guard = published.table.write();
                panic!("a holder of the lock dies");
            });
            holder.join()
        });
        assert!(died.is_err() && published.table.is_poisoned());
        published.publish(&shows::sample());
        let mut list = Reply::default();
        published.answer(&Request::new(7, 1, Ask::List), 42, &mut list);
        assert_eq!(list.rows, shows::sample().rows);
    }
}
