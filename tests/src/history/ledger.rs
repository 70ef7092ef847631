//! What one client knows of the table: every answer must fit, and where there was none both
//! outcomes stay possible.

use common::booking::table::Table;
use common::client::ask::{Ask, Unanswered};
use common::protocol::reply::{Reply, Status};
use common::protocol::request::Request;

/// Twenty operations: every kind and every refusal, and shows in both sectors of the data file.
pub const SCRIPT: [Ask; 20] = [
    Ask::Reserve { show: 1, seats: 3 },
    Ask::View { show: 1 },
    Ask::List,
    Ask::Reserve { show: 8, seats: 38 },
    Ask::Reserve { show: 8, seats: 3 },
    Ask::View { show: 8 },
    Ask::Reserve { show: 99, seats: 1 },
    Ask::Reserve { show: 1, seats: 0 },
    Ask::Reserve { show: 2, seats: 150 },
    Ask::View { show: 99 },
    Ask::Reserve { show: 2, seats: 1 },
    Ask::List,
    Ask::Reserve { show: 7, seats: 1 },
    Ask::Reserve { show: 7, seats: 1 },
    Ask::View { show: 7 },
    Ask::Reserve { show: 6, seats: 299 },
    Ask::Reserve { show: 8, seats: 2 },
    Ask::List,
    Ask::Reserve { show: 3, seats: 5 },
    Ask::View { show: 3 },
];

/// The tables that are possible after all a client has asked and heard.
#[derive(Clone, Debug)]
pub struct Ledger {
    possible: Vec<State>,
    /// A reservation was told UNAVAILABLE: none may be made after it.
    is_over: bool,
}

/// One of the possible tables.
#[derive(Clone, Debug, PartialEq, Eq)]
struct State {
    table: Table,
    /// Reservations without an answer, which may still be made.
    pending: Vec<Ask>,
}

impl Ledger {
    /// A ledger of a table that is known.
    pub fn new(table: Table) -> Ledger {
        Ledger { possible: vec![State { table, pending: Vec::new() }], is_over: false }
    }

    /// The server was started again: it can make reservations once more, but none that an earlier
    /// one has not made.
    pub fn restart(&mut self) {
        self.is_over = false;
        self.settle();
        self.possible.iter_mut().for_each(|state| state.pending.clear());
    }

    /// Enters what came of a question.
    ///
    /// # Panics
    /// If the answer fits none of the possible tables, or is an OK to a reservation after one that
    /// was told UNAVAILABLE.
    pub fn enter(&mut self, ask: Ask, heard: &Result<Reply, Unanswered>) {
        let reserves = matches!(ask, Ask::Reserve { .. });
        match heard {
            Ok(reply) if reply.status() == Some(Status::Busy) => {}
            Err(Unanswered::NotSent(_)) => {}
            Ok(reply) if reply.status() != Some(Status::Unavailable) => {
                let is_ok = reply.status() == Some(Status::Ok);
                assert!(!(self.is_over && reserves && is_ok), "OK after UNAVAILABLE: {ask:?}");
                self.settle();
                let before = std::mem::take(&mut self.possible);
                let fits = |state: &State| {
                    let (expected, table) = decide(&state.table, ask, reply);
                    (expected == *reply).then(|| State { table, ..state.clone() })
                };
                self.possible = before.iter().filter_map(fits).collect();
                assert!(!self.possible.is_empty(), "{ask:?}: {reply:?} fits none of {before:#?}");
            }
            Ok(_) | Err(Unanswered::Unknown(_)) => {
                self.is_over |= heard.is_ok() && reserves;
                let pending = self.possible.iter_mut().filter(|_| reserves);
                pending.for_each(|state| state.pending.push(ask));
            }
        }
    }

    /// Whether a table is one of the possible.
    pub fn allows(&self, table: &Table) -> bool {
        let mut settled = self.clone();
        settled.settle();
        settled.possible.iter().any(|state| state.table == *table)
    }

    /// Adds the tables after any of the pending reservations, in any order.
    fn settle(&mut self) {
        let mut looked_at = 0;
        while let Some(state) = self.possible.get(looked_at).cloned() {
            for (number, &ask) in state.pending.iter().enumerate() {
                let undecided = Reply::new(&Request::new(1, 1, ask), Status::Unavailable, 1);
                let (_, table) = decide(&state.table, ask, &undecided);
                let mut after = State { table, ..state.clone() };
                after.pending.remove(number);
                if !self.possible.contains(&after) {
                    self.possible.push(after);
                }
            }
            looked_at += 1;
        }
    }
}

/// The reply to a question if this is the table, with the nonce and the server of the one that
/// came, and the table after it.
fn decide(table: &Table, ask: Ask, reply: &Reply) -> (Reply, Table) {
    let request = Request::new(1, reply.nonce.get(), ask);
    let (mut after, server) = (*table, reply.server.get());
    (after.reply(&request, server), after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::booking::shows;
    use std::io;

    const ASK: Ask = Ask::Reserve { show: 1, seats: 3 };

    fn heard(status: Status, seats: i32) -> Result<Reply, Unanswered> {
        let reply = Reply::new(&Request::new(1, 7, ASK), status, 42);
        Ok(Reply { seats: seats.into(), ..reply })
    }

    fn refuses(ledger: &Ledger, heard: Result<Reply, Unanswered>) -> bool {
        let mut ledger = ledger.clone();
        let enter = std::panic::AssertUnwindSafe(|| ledger.enter(ASK, &heard));
        std::panic::catch_unwind(enter).is_err()
    }

    #[test]
    fn only_an_answer_that_fits_is_accepted() {
        let mut ledger = Ledger::new(shows::sample());
        assert!(refuses(&ledger, heard(Status::Ok, 198)));
        assert!(refuses(&ledger, heard(Status::NotEnoughSeats, 200)));
        ledger.enter(ASK, &heard(Status::Ok, 197));
        assert!(!ledger.allows(&shows::sample()));
    }

    #[test]
    fn after_an_unknown_outcome_either_is_possible_until_an_answer_tells() {
        let mut ledger = Ledger::new(shows::sample());
        ledger.enter(ASK, &Err(Unanswered::Unknown(io::Error::other("lost"))));
        assert!(refuses(&ledger, heard(Status::Ok, 191)));
        let mut later = ledger.clone();
        ledger.enter(ASK, &heard(Status::Ok, 194));
        assert!(refuses(&ledger, heard(Status::Ok, 188)));
        // It may also be made after the next one, but not by another server.
        later.enter(ASK, &heard(Status::Ok, 197));
        later.restart();
        later.enter(ASK, &heard(Status::Ok, 191));
        assert_eq!(later.possible.len(), 1);
        assert!(refuses(&later, heard(Status::Ok, 185)));
    }

    #[test]
    fn what_was_not_sent_has_not_happened_and_after_unavailable_nothing_is_reserved() {
        let mut ledger = Ledger::new(shows::sample());
        ledger.enter(ASK, &Err(Unanswered::NotSent(io::Error::other("closed"))));
        ledger.enter(ASK, &heard(Status::Busy, 0));
        assert_eq!(ledger.possible, Ledger::new(shows::sample()).possible);
        ledger.enter(ASK, &heard(Status::Unavailable, 0));
        assert!(refuses(&ledger, heard(Status::Ok, 197)));
        ledger.restart();
        assert!(!refuses(&ledger, heard(Status::Ok, 197)));
    }
}
