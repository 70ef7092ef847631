//! Histories: what clients asked, when, and what they were told; to be compared with a box office
//! that does one thing at a time.

pub mod chain;
pub mod journal;
pub mod ledger;
pub mod load;
pub mod nemesis;
pub mod record;
pub mod search;

use common::booking::table::Table;
use common::client::ask::Ask;
use common::protocol::record::ROWS;
use common::protocol::reply::{Reply, Status};
use nix::time::{ClockId, clock_gettime};

/// The seats left on each show.
pub type Seats = [i32; ROWS];

/// One operation of one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// What was asked. The shows are numbered from 1, as the rows are.
    pub ask: Ask,
    /// When, before the request left; nanoseconds, as all times here.
    pub call: u64,
    /// When the answer was there, and what it said; None if the outcome is unknown: it may happen at
    /// any time from the call on, or never.
    pub back: Option<(u64, Answer)>,
}

/// What an answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The seats left on every show.
    List(Seats),
    /// The seats left on the show, after the reservation if it was one.
    Left(i32),
    /// The seats left, which are too few.
    Refused(i32),
}

/// All operations on a table.
#[derive(Clone, Debug)]
pub struct History {
    /// The seats before the first operation.
    pub initial: Seats,
    /// The operations, in any order.
    pub operations: Vec<Operation>,
}

/// What one reply means for a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The operation happened and said this.
    Answered(Answer),
    /// It happened or not, now or later.
    Unknown,
    /// It did not happen.
    Nothing,
}

/// What a reply says.
///
/// # Panics
/// If no server can say so to an honest request.
pub fn meaning(ask: Ask, reply: &Reply) -> Meaning {
    match (reply.status(), ask) {
        (Some(Status::Ok), Ask::List) => {
            let rows = reply.rows().try_into().expect("a LIST has all rows");
            Meaning::Answered(Answer::List(seats(&Table { rows })))
        }
        (Some(Status::Ok), _) => Meaning::Answered(Answer::Left(reply.seats.get())),
        (Some(Status::NotEnoughSeats), Ask::Reserve { .. }) => {
            Meaning::Answered(Answer::Refused(reply.seats.get()))
        }
        (Some(Status::Busy), _) => Meaning::Nothing,
        (Some(Status::Unavailable), _) => Meaning::Unknown,
        _ => panic!("{reply:?} to {ask:?}"),
    }
}

/// The seats left in a table, row for row.
pub fn seats(table: &Table) -> Seats {
    table.rows.each_ref().map(|row| row.seats.get())
}

/// The time on a clock that all processes share and nobody sets. See clock_gettime(2).
///
/// # Panics
/// If there is no such clock.
pub fn now() -> u64 {
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC).expect("Linux has this clock");
    now.tv_sec() as u64 * 1_000_000_000 + now.tv_nsec() as u64
}
