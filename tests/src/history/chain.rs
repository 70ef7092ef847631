//! Whether a long history without unknown outcomes is linearizable, in the time that one sort takes.
//!
//! Every answer says how many seats are left, and a count only goes down: that is the answer's place
//! in the order. So the reservations of a show are a chain, in which each leaves what the one before
//! it left, less its own seats; whoever reads sees a link of it; and nobody who asks after an answer
//! has a place before it.

use common::client::ask::Ask;
use common::protocol::record::ROWS;

use super::{Answer, History, Operation, Seats};

/// Checks a history of any length.
///
/// # Errors
/// If it is not linearizable, or an outcome is unknown; names the operation.
pub fn check(history: &History) -> Result<(), String> {
    let mut shows = Vec::with_capacity(ROWS);
    for row in 0..ROWS {
        let check = || {
            let show = Show::new(history, row)?;
            show.check_counts(history.initial[row])?;
            show.check_times().map(|()| show)
        };
        shows.push(check().map_err(|why| format!("show {}: {why}", row + 1))?);
    }
    check_snapshots(history, &shows)
}

/// An operation on one show.
struct Link<'a> {
    left: i32,
    /// The seats that it took; None if it only read.
    took: Option<i32>,
    back: u64,
    operation: &'a Operation,
}

impl Link<'_> {
    fn new(operation: &Operation, row: usize) -> Result<Option<Link<'_>>, String> {
        let show = row as i32 + 1;
        let (left, took, back) = match (operation.ask, operation.back) {
            (Ask::List, Some((back, Answer::List(seats)))) => (seats[row], None, back),
            (Ask::View { show: of } | Ask::Reserve { show: of, .. }, _) if of != show => {
                return Ok(None);
            }
            (Ask::View { .. }, Some((back, Answer::Left(left)))) => (left, None, back),
            (Ask::Reserve { seats, .. }, Some((back, Answer::Left(left)))) => {
                (left, Some(seats), back)
            }
            (Ask::Reserve { seats, .. }, Some((back, Answer::Refused(left)))) if left < seats => {
                (left, None, back)
            }
            _ => return Err(format!("impossible or unknown: {operation:?}")),
        };
        Ok(Some(Link { left, took, back, operation }))
    }

    /// Its place in the order: the fewer seats are left, the later; and a reader comes after the
    /// reservation whose count it reads.
    fn place(&self) -> (i64, bool) {
        (-i64::from(self.left), self.took.is_none())
    }
}

/// The operations on one show, in their order.
struct Show<'a> {
    links: Vec<Link<'a>>,
    /// The latest call of the first operations, of so many as the index says.
    latest_call: Vec<u64>,
    /// The first answer to the operations from the index on.
    first_back: Vec<u64>,
}

impl Show<'_> {
    fn new(history: &History, row: usize) -> Result<Show<'_>, String> {
        let mut links = Vec::new();
        for operation in &history.operations {
            links.extend(Link::new(operation, row)?);
        }
        links.sort_by_key(Link::place);
        let mut latest_call = vec![0];
        let mut first_back = vec![u64::MAX];
        for (link, last) in links.iter().zip(links.iter().rev()) {
            latest_call.push(link.operation.call.max(latest_call[latest_call.len() - 1]));
            first_back.push(last.back.min(first_back[first_back.len() - 1]));
        }
        first_back.reverse();
        Ok(Show { links, latest_call, first_back })
    }

    /// Whether each reservation leaves what the one before it left, less its seats, and each reader
    /// sees that.
    fn check_counts(&self, initial: i32) -> Result<(), String> {
        let mut left = initial;
        for link in &self.links {
            left -= link.took.unwrap_or(0);
            if link.left != left || left < 0 {
                return Err(format!("{left} seats should be left at {:?}", link.operation));
            }
        }
        Ok(())
    }

    /// Whether nobody comes before somebody who had an answer when he called.
    fn check_times(&self) -> Result<(), String> {
        for link in &self.links {
            // Readers of the same count are in no order.
            let later = self.links.partition_point(|other| other.place() <= link.place());
            if self.first_back[later] < link.operation.call {
                return Err(format!("fewer seats were left before {:?}", link.operation));
            }
        }
        Ok(())
    }
}

/// Whether the LISTs are in one order, in which each comes after all that it shows and before all
/// that it does not show, of whatever show.
fn check_snapshots(history: &History, shows: &[Show]) -> Result<(), String> {
    let snapshot = |operation: &Operation| match operation.back {
        Some((_, Answer::List(seats))) => Some(seats),
        _ => None,
    };
    let mut snapshots: Vec<Seats> = history.operations.iter().filter_map(snapshot).collect();
    let total = |seats: &Seats| seats.iter().map(|&left| i64::from(left)).sum::<i64>();
    snapshots.sort_by_key(|seats| -total(seats));
    let is_ordered = |pair: &&[Seats]| (0..ROWS).all(|row| pair[0][row] >= pair[1][row]);
    if let Some(pair) = snapshots.windows(2).find(|pair| !is_ordered(pair)) {
        return Err(format!("two LISTs cannot both be snapshots: {pair:?}"));
    }
    for seats in snapshots {
        let (mut shown, mut not_shown) = (0, u64::MAX);
        for (show, left) in shows.iter().zip(seats) {
            let place = -i64::from(left);
            let before = show.links.partition_point(|link| link.place() <= (place, false));
            let after = show.links.partition_point(|link| link.place() <= (place, true));
            shown = shown.max(show.latest_call[before]);
            not_shown = not_shown.min(show.first_back[after]);
        }
        if not_shown < shown {
            return Err(format!("a LIST shows what is later than something it misses: {seats:?}"));
        }
    }
    Ok(())
}
