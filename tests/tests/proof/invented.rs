//! Invented histories, good ones and bad ones, and a slow way to tell them apart: every order is
//! tried against the table itself.

use common::booking::table::Table;
use common::client::ask::Ask;
use common::protocol::record::ROWS;
use common::protocol::request::Request;
use fastrand::Rng;
use harness::history::{Answer, History, Meaning, Operation, Seats, meaning, seats};
use zerocopy::little_endian::I32;

/// Shows of an invented table.
pub(crate) const SHOWS: usize = 3;

/// A table whose shows have this many seats each.
pub(crate) fn table(seats: i32) -> Table {
    let mut table = Table::new();
    for (row, show) in table.rows[..SHOWS].iter_mut().enumerate() {
        show.id = I32::new(row as i32 + 1);
        show.seats = I32::new(seats);
    }
    table
}

/// What a box office that does one thing at a time answers.
fn answer(table: &mut Table, ask: Ask) -> Answer {
    let request = Request::new(1, 1, ask);
    let reply = table.reply(&request, 1);
    match meaning(ask, &reply) {
        Meaning::Answered(answer) => answer,
        other => panic!("{other:?}"),
    }
}

/// Whether any order of the operations gives these answers: tries them all.
pub(crate) fn is_good(initial: &Table, operations: &[Operation]) -> bool {
    if operations.iter().all(|operation| operation.back.is_none()) {
        return true;
    }
    (0..operations.len()).any(|at| {
        let next = &operations[at];
        let is_before = |other: &Operation| other.back.is_some_and(|(back, _)| back < next.call);
        if operations.iter().any(is_before) {
            return false;
        }
        let mut table = *initial;
        let said = answer(&mut table, next.ask);
        let rest = [&operations[..at], &operations[at + 1..]].concat();
        next.back.is_none_or(|(_, answer)| answer == said) && is_good(&table, &rest)
    })
}

/// A good history: operations that happen 10 apart and take up to `width` on either side, some of
/// unknown outcome; in the end a LIST.
pub(crate) fn good(rng: &mut Rng, n_seats: i32, count: u64, width: u64, unknown: bool) -> History {
    let mut table = table(n_seats);
    let initial = seats(&table);
    let mut operations = Vec::new();
    for at in 1..=count {
        let show = rng.i32(1..=SHOWS as i32);
        let ask = match rng.u32(0..4) {
            0 => Ask::List,
            1 => Ask::View { show },
            _ => Ask::Reserve { show, seats: rng.i32(1..=3) },
        };
        let happens = 10 * at + width;
        let call = happens - rng.u64(0..=width);
        let is_unknown = unknown && matches!(ask, Ask::Reserve { .. }) && rng.u32(0..4) == 0;
        let back = if is_unknown && rng.bool() {
            None
        } else {
            let said = answer(&mut table, ask);
            (!is_unknown).then_some((happens + rng.u64(0..=width), said))
        };
        operations.push(Operation { ask, call, back });
    }
    let (call, back) = (10 * count + 3 * width, 10 * count + 3 * width + 1);
    let all = Some((back, Answer::List(seats(&table))));
    operations.push(Operation { ask: Ask::List, call, back: all });
    History { initial, operations }
}

/// Changes something, which may make a history bad.
pub(crate) fn change(rng: &mut Rng, operations: &mut Vec<Operation>) {
    let at = rng.usize(0..operations.len());
    let other = rng.usize(0..operations.len());
    match rng.u32(0..7) {
        0 => drop(operations.remove(at)),
        1 => operations.push(operations[at].clone()),
        2 => {
            let (back, by) =
                (operations[at].back, rng.i32(1..=3) * if rng.bool() { 1 } else { -1 });
            operations[at].back = back.map(|(back, answer)| (back, shifted(answer, by)));
        }
        3 => {
            let is_alike = std::mem::discriminant(&operations[at].ask)
                == std::mem::discriminant(&operations[other].ask);
            if let (Some(one), Some(two), true) =
                (operations[at].back, operations[other].back, is_alike)
            {
                operations[at].back = Some((one.0, two.1));
                operations[other].back = Some((two.0, one.1));
            }
        }
        4 => {
            let (later, earlier) = (rng.u64(0..30), rng.u64(0..30).min(operations[at].call));
            operations[at].call = operations[at].call + later - earlier;
            let call = operations[at].call;
            operations[at].back = operations[at]
                .back
                .map(|(back, answer)| ((back + later).max(call + earlier) - earlier, answer));
        }
        5 => {
            if let Ask::Reserve { seats, .. } = &mut operations[at].ask {
                *seats = rng.i32(1..=3);
            }
        }
        _ => {
            if let Ask::Reserve { .. } = operations[at].ask {
                operations[at].back = None;
            }
        }
    }
}

fn shifted(answer: Answer, by: i32) -> Answer {
    match answer {
        Answer::List(mut seats) => {
            seats[by.unsigned_abs() as usize - 1] += by.signum();
            Answer::List(seats)
        }
        Answer::Left(seats) => Answer::Left(seats + by),
        Answer::Refused(seats) => Answer::Refused(seats + by),
    }
}

/// Makes a good history without unknown outcomes bad in one of five ways, each for a reason that
/// holds whatever the order is; None if it has nothing to do that to.
pub(crate) fn spoil(rng: &mut Rng, way: u64, operations: &mut Vec<Operation>) -> Option<()> {
    let indexes = |is: fn(&Operation) -> bool| -> Vec<usize> {
        (0..operations.len()).filter(|&at| is(&operations[at])).collect()
    };
    let reserved = indexes(|operation| reserved_of(operation).is_some());
    let lists = indexes(|operation| operation.ask == Ask::List);
    match way {
        // Forgotten: the last LIST counts seats as sold that nobody was sold.
        0 => drop(operations.remove(*rng.choice(&reserved)?)),
        // Sold twice: two reservations cannot leave the same count.
        1 => {
            let (one, two) = (*rng.choice(&reserved)?, *rng.choice(&reserved)?);
            let same = reserved_show(&operations[one]) == reserved_show(&operations[two]);
            let left = operations[one].back?.1;
            let back = operations[two].back.as_mut().filter(|_| same && one != two)?;
            back.1 = left;
        }
        // Stale: whoever asks after a reservation's answer cannot see the count before it.
        2 => {
            let at = *rng.choice(&reserved)?;
            let (show, before, _) = reserved_of(&operations[at])?;
            let call = operations[at].back?.0 + 1;
            let back = Some((call + 1, Answer::Left(before)));
            operations.push(Operation { ask: Ask::View { show }, call, back });
        }
        // From the future: whoever has an answer before a reservation is asked cannot see it.
        3 => {
            let at = *rng.choice(&reserved)?;
            let (show, _, left) = reserved_of(&operations[at])?;
            let call = operations[at].call;
            let back = Some((call - 1, Answer::Left(left)));
            operations.push(Operation { ask: Ask::View { show }, call: 0, back });
        }
        // Torn: of two LISTs each shows a show with fewer seats than the other.
        _ => {
            let (one, two) = (*rng.choice(&lists)?, *rng.choice(&lists)?);
            let (first, second) = (list(&operations[one])?, list(&operations[two])?);
            let differ: Vec<usize> = (0..ROWS).filter(|&row| first[row] != second[row]).collect();
            let row = *differ.first().filter(|_| differ.len() > 1)?;
            set_list(&mut operations[one], row, second[row]);
            set_list(&mut operations[two], row, first[row]);
        }
    }
    Some(())
}

/// The show, and the seats before and after, of a reservation that was acknowledged.
fn reserved_of(operation: &Operation) -> Option<(i32, i32, i32)> {
    match (operation.ask, operation.back?.1) {
        (Ask::Reserve { show, seats }, Answer::Left(left)) => Some((show, left + seats, left)),
        _ => None,
    }
}

fn reserved_show(operation: &Operation) -> Option<i32> {
    reserved_of(operation).map(|(show, ..)| show)
}

fn list(operation: &Operation) -> Option<Seats> {
    match operation.back?.1 {
        Answer::List(seats) => Some(seats),
        _ => None,
    }
}

fn set_list(operation: &mut Operation, row: usize, left: i32) {
    if let Some((_, Answer::List(seats))) = &mut operation.back {
        seats[row] = left;
    }
}
