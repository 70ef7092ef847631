//! A client's history as it writes it down, a line before each request and one after each answer,
//! so that its own death costs no more than the answer under way.

use std::fmt::Write as _;
use std::io::{self, Write};

use common::client::ask::Ask;

use super::{Answer, Meaning, Operation, now};

/// Writes that a request is about to be sent.
///
/// # Errors
/// Of write.
pub fn call(mut out: impl Write, ask: Ask) -> io::Result<()> {
    let words = match ask {
        Ask::List => "list".to_owned(),
        Ask::View { show } => format!("view {show}"),
        Ask::Reserve { show, seats } => format!("reserve {show} {seats}"),
    };
    out.write_all(format!("call {} {words}\n", now()).as_bytes())
}

/// Writes what came of it.
///
/// # Errors
/// Of write.
pub fn back(mut out: impl Write, meaning: Meaning) -> io::Result<()> {
    let time = now();
    let words = match meaning {
        Meaning::Answered(Answer::List(seats)) => {
            seats.iter().fold("list".to_owned(), |mut words, seats| {
                write!(words, " {seats}").expect("a String takes everything");
                words
            })
        }
        Meaning::Answered(Answer::Left(seats)) => format!("left {seats}"),
        Meaning::Answered(Answer::Refused(seats)) => format!("refused {seats}"),
        Meaning::Nothing => "nothing".to_owned(),
        Meaning::Unknown => "unknown".to_owned(),
    };
    out.write_all(format!("back {time} {words}\n").as_bytes())
}

/// Reads what a client has written; a line that its death has cut off does not count.
///
/// # Panics
/// If it is no such text.
pub fn read(text: &str) -> Vec<Operation> {
    let mut operations: Vec<Operation> = Vec::new();
    for line in text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
        let mut words = line.split(' ');
        let is_call = words.next() == Some("call");
        let time = words.next().and_then(|word| word.parse().ok()).expect("every line has a time");
        let kind = words.next().expect("every line has a kind");
        let numbers: Vec<i32> =
            words.map(|word| word.parse().expect("the rest is numbers")).collect();
        match (is_call, kind, numbers.as_slice()) {
            (true, "list", []) => operations.push(called(Ask::List, time)),
            (true, "view", &[show]) => operations.push(called(Ask::View { show }, time)),
            (true, "reserve", &[show, seats]) => {
                operations.push(called(Ask::Reserve { show, seats }, time));
            }
            (false, "nothing", []) => drop(operations.pop()),
            (false, "unknown", []) => {}
            (false, kind, numbers) => {
                let answer = answer(kind, numbers).unwrap_or_else(|| panic!("{line:?}"));
                operations.last_mut().expect("a call comes first").back = Some((time, answer));
            }
            _ => panic!("{line:?}"),
        }
    }
    operations
}

fn called(ask: Ask, call: u64) -> Operation {
    Operation { ask, call, back: None }
}

fn answer(kind: &str, numbers: &[i32]) -> Option<Answer> {
    match (kind, numbers) {
        ("list", seats) => seats.try_into().ok().map(Answer::List),
        ("left", &[seats]) => Some(Answer::Left(seats)),
        ("refused", &[seats]) => Some(Answer::Refused(seats)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_up_to_the_last_whole_line() {
        let mut text = Vec::new();
        let reserve = Ask::Reserve { show: 2, seats: 3 };
        let list = Answer::List([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
        let lines = [
            (Ask::List, Meaning::Answered(list)),
            (Ask::View { show: 1 }, Meaning::Answered(Answer::Left(9))),
            (reserve, Meaning::Answered(Answer::Refused(1))),
            (reserve, Meaning::Nothing),
            (reserve, Meaning::Unknown),
        ];
        for (ask, meaning) in lines {
            call(&mut text, ask).unwrap();
            back(&mut text, meaning).unwrap();
        }
        call(&mut text, Ask::List).unwrap();
        text.extend_from_slice(b"back 123456789 lef");
        let operations = read(&String::from_utf8(text).unwrap());
        let asks: Vec<Ask> = operations.iter().map(|operation| operation.ask).collect();
        assert_eq!(asks, [Ask::List, Ask::View { show: 1 }, reserve, reserve, Ask::List]);
        let answer = |operation: &Operation| operation.back.map(|(_, answer)| answer);
        let answers: Vec<Option<Answer>> = operations.iter().map(answer).collect();
        let expected = [Some(list), Some(Answer::Left(9)), Some(Answer::Refused(1)), None, None];
        assert_eq!(answers, expected);
        for pair in operations.windows(2) {
            assert!(pair[0].back.is_none_or(|(back, _)| pair[0].call <= back));
            assert!(pair[0].call <= pair[1].call);
        }
    }
}
