//! Whether a history is linearizable: the search of Wing and Gong, with the memory of Lowe.
//!
//! It looks for an order of the operations in which each takes effect between its call and its
//! answer, and a box office that does one thing at a time gives the same answers. It takes one
//! operation after the other out of those that may come next: whose call is not after the first
//! answer among those left. What has been taken determines the seats left, so a set that was seen
//! before need not be looked at again.

use std::collections::HashSet;
use std::fmt::Write;

use common::client::ask::Ask;
use common::protocol::record::ROWS;

use super::{Answer, History, Operation, Seats};

/// Sets of operations after which the search gives up, which is a failure.
const SETS_MAX: usize = 2_000_000;

/// What no show can have left: an answer that is wrong whenever it comes needs it.
const NEVER: i32 = -1;

/// Checks a history: first each show alone, which is fast and names the show, then all of them, of
/// which every LIST must be one snapshot.
///
/// # Errors
/// If it is not linearizable; says how far it is, and what cannot come next.
pub fn check(history: &History) -> Result<(), String> {
    for row in 0..ROWS {
        Search::new(history, Some(row)).run().map_err(|why| format!("show {}: {why}", row + 1))?;
    }
    Search::new(history, None).run()
}

/// What an operation needs and does.
#[derive(Debug)]
struct Step {
    call: u64,
    back: u64,
    /// The seats that must be left on these rows just before it.
    needs: Vec<(usize, i32)>,
    /// The seats that it takes from a row.
    takes: Option<(usize, i32)>,
    operation: Operation,
}

/// The steps that are taken, one bit for each, and what they leave.
#[derive(Clone, Debug)]
struct Taken {
    set: Box<[u64]>,
    count: usize,
    seats: Seats,
}

impl Taken {
    fn has(&self, step: usize) -> bool {
        self.set[step / 64] >> (step % 64) & 1 == 1
    }

    fn with(mut self, number: usize, step: &Step) -> Taken {
        self.set[number / 64] |= 1 << (number % 64);
        self.count += 1;
        if let Some((row, seats)) = step.takes {
            self.seats[row] -= seats;
        }
        self
    }
}

#[derive(Debug)]
struct Search {
    initial: Seats,
    /// Those with an answer, in the order of their calls, then reservations without one, by row and
    /// seats, alike ones in the order of their calls.
    steps: Vec<Step>,
    answered: usize,
}

impl Search {
    /// The search over all rows, or over what concerns one of them.
    fn new(history: &History, row: Option<usize>) -> Search {
        let steps = history.operations.iter().filter_map(|operation| Step::new(operation, row));
        let (mut steps, mut unknown): (Vec<Step>, Vec<Step>) =
            steps.partition(|step| step.operation.back.is_some());
        steps.sort_by_key(|step| step.call);
        unknown.sort_by_key(|step| (step.takes, step.call));
        let answered = steps.len();
        steps.append(&mut unknown);
        Search { initial: history.initial, steps, answered }
    }

    fn run(&self) -> Result<(), String> {
        let set = vec![0; self.steps.len().div_ceil(64)].into_boxed_slice();
        let mut farthest = Taken { set, count: 0, seats: self.initial };
        let mut seen = HashSet::new();
        let mut waiting = vec![farthest.clone()];
        while let Some(taken) = waiting.pop() {
            let next = self.next(&taken);
            if next.is_empty() {
                return Ok(());
            }
            if taken.count > farthest.count {
                farthest = taken.clone();
            }
            for successor in self.successors(&taken, &next) {
                if seen.insert(successor.set.clone()) {
                    waiting.push(successor);
                }
            }
            if seen.len() > SETS_MAX {
                return Err(format!("undecided after {SETS_MAX} sets; {}", self.say(&farthest)));
            }
        }
        Err(self.say(&farthest))
    }

    /// The answered steps that may come next; none if all are taken.
    fn next(&self, taken: &Taken) -> Vec<usize> {
        let mut first_back = u64::MAX;
        let mut next = Vec::new();
        for number in (0..self.answered).filter(|&number| !taken.has(number)) {
            // In the order of the calls: all that follow are called after an answer, too.
            if self.steps[number].call > first_back {
                break;
            }
            first_back = first_back.min(self.steps[number].back);
            next.push(number);
        }
        next
    }

    /// The sets with one of the answered steps more, and with what must have happened before it of
    /// that whose outcome is unknown.
    ///
    /// Two orders need not be tried. A step that can come now and takes nothing comes now: whatever
    /// follows finds the same. A reservation of unknown outcome comes just before an answered step
    /// that needs the seats of its show: before any other it makes no difference.
    fn successors(&self, taken: &Taken, next: &[usize]) -> Vec<Taken> {
        let is_reading_now = |&&number: &&usize| {
            let step = &self.steps[number];
            step.takes.is_none() && step.needs.iter().all(|&(row, left)| taken.seats[row] == left)
        };
        if let Some(&number) = next.iter().find(is_reading_now) {
            return vec![taken.clone().with(number, &self.steps[number])];
        }
        let first_back = next.iter().map(|&number| self.steps[number].back).min();
        let unknown: Vec<usize> = (self.answered..self.steps.len())
            .filter(|&number| !taken.has(number) && Some(self.steps[number].call) <= first_back)
            .collect();
        let mut successors = Vec::new();
        for &number in next {
            let step = &self.steps[number];
            let mut missing = [0; ROWS];
            step.needs.iter().for_each(|&(row, left)| missing[row] = taken.seats[row] - left);
            let is_possible = step.needs.iter().all(|&(_, left)| left != NEVER);
            if is_possible && missing.iter().all(|&seats| seats >= 0) {
                self.fill(taken.clone(), &unknown, missing, &mut |filled| {
                    successors.push(filled.with(number, step));
                });
            }
        }
        successors
    }

    /// Takes reservations of unknown outcome in every way in which just the missing seats go.
    fn fill(&self, taken: Taken, unknown: &[usize], missing: Seats, found: &mut impl FnMut(Taken)) {
        if missing == [0; ROWS] {
            return found(taken);
        }
        let Some((&number, rest)) = unknown.split_first() else { return };
        let step = &self.steps[number];
        let (row, seats) = step.takes.expect("only reservations are of unknown outcome");
        if missing[row] >= seats {
            let mut less = missing;
            less[row] -= seats;
            self.fill(taken.clone().with(number, step), rest, less, found);
        }
        // Without this one, then without a later one that is alike, too: it could take its place.
        let alike = rest.iter().take_while(|&&other| self.steps[other].takes == step.takes).count();
        self.fill(taken, &rest[alike..], missing, found);
    }

    fn say(&self, taken: &Taken) -> String {
        let mut text = format!(
            "not linearizable: after {} of {} operations {:?} seats are left, and none of these \
             can come next",
            taken.count,
            self.steps.len(),
            taken.seats
        );
        for number in self.next(taken) {
            let operation = &self.steps[number].operation;
            write!(text, "\n  {operation:?}").expect("a String takes everything");
        }
        text
    }
}

impl Step {
    /// What an operation means for all rows or for one; None if nothing.
    fn new(operation: &Operation, only: Option<usize>) -> Option<Step> {
        let is_meant = |row| only.is_none_or(|only| only == row);
        let (back, answer) = operation.back.map_or((u64::MAX, None), |(at, said)| (at, Some(said)));
        let (needs, takes) = match (operation.ask, answer) {
            (Ask::List, Some(Answer::List(seats))) => {
                let rows = seats.into_iter().map(|left| left.max(NEVER)).enumerate();
                (rows.filter(|&(row, _)| is_meant(row)).collect(), None)
            }
            (Ask::View { show }, Some(Answer::Left(left))) => {
                (vec![(show as usize - 1, left.max(NEVER))], None)
            }
            (Ask::Reserve { show, seats }, None) => (vec![], Some((show as usize - 1, seats))),
            (Ask::Reserve { show, seats }, Some(Answer::Left(left))) => {
                let row = show as usize - 1;
                let before = left.checked_add(seats).filter(|_| left >= 0).unwrap_or(NEVER);
                (vec![(row, before)], Some((row, seats)))
            }
            (Ask::Reserve { show, seats }, Some(Answer::Refused(left))) => {
                (vec![(show as usize - 1, if left < seats { left } else { NEVER })], None)
            }
            // A consultation without an answer, of which there is nothing to check.
            (_, None) => return None,
            (ask, Some(answer)) => panic!("{answer:?} to {ask:?}"),
        };
        let mut rows = needs.iter().map(|&(row, _)| row).chain(takes.map(|(row, _)| row));
        rows.any(is_meant).then(|| Step {
            call: operation.call,
            back,
            needs,
            takes,
            operation: operation.clone(),
        })
    }
}
