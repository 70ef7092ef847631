//! What the answers of a client mean: the table, the seats that are left, yes or no.

use regex::{Captures, Regex};

use crate::assignment::dialogue::Dialogue;
use crate::terminal::turn::Turn;

/// More seats, or fewer, are no number of seats.
const SEATS_MAX: i64 = 1 << 40;

/// A row of the table that a client shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The show, as it is typed.
    pub show: String,
    /// Its seats, if the row says them; a wrong program may show negative ones.
    pub seats: Option<i64>,
}

/// What was read, if it was there, and the turn that it was read from.
#[derive(Debug)]
pub struct Reading<T> {
    /// What was read.
    pub value: Option<T>,
    /// Where.
    pub turn: Turn,
}

/// What a client answers to a reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It was made.
    Done,
    /// It was refused.
    Refused,
    /// Neither pattern was there, or the turn ended badly.
    Neither,
    /// It was not asked: the client itself refuses such numbers.
    NotAsked,
}

/// What came of a reservation.
#[derive(Debug)]
pub struct Outcome {
    /// The answer; the ending of the turn is judged first.
    pub answer: Answer,
    /// What was said, however the turn ended.
    pub said: Answer,
    /// The turn; None if nothing was asked.
    pub turn: Option<Turn>,
}

impl Outcome {
    /// Judges a turn.
    pub fn of(dialogue: &Dialogue, turn: Turn) -> Outcome {
        let said = [turn.answer(), &turn.text].into_iter().map(|text| said(dialogue, text));
        let said = said.into_iter().find(|said| *said != Answer::Neither);
        let said = said.unwrap_or(Answer::Neither);
        let answer = if turn.ending.is_calm() { said } else { Answer::Neither };
        Outcome { answer, said, turn: Some(turn) }
    }

    /// One that was not asked for.
    pub fn not_asked() -> Outcome {
        Outcome { answer: Answer::NotAsked, said: Answer::NotAsked, turn: None }
    }
}

/// A refusal is looked for first: "OK" is in "NOK", too.
fn said(dialogue: &Dialogue, text: &str) -> Answer {
    if dialogue.refused.is_match(text) {
        Answer::Refused
    } else if dialogue.done.is_match(text) {
        Answer::Done
    } else {
        Answer::Neither
    }
}

impl<T> Reading<T> {
    /// Reads from the last answer of a turn or, where nothing is there, from the whole turn.
    pub fn of(turn: Turn, read: impl Fn(&str) -> Option<T>) -> Reading<T> {
        let is_calm = turn.ending.is_calm();
        let value = read(turn.answer()).or_else(|| read(&turn.text)).filter(|_| is_calm);
        Reading { value, turn }
    }
}

/// The table in a text, each show once: as it was shown last.
pub fn rows(dialogue: &Dialogue, text: &str) -> Option<Vec<Row>> {
    let mut rows: Vec<Row> = Vec::new();
    for found in dialogue.row.captures_iter(text) {
        let Some(show) = found.name("show").map(|show| show.as_str().trim()) else { continue };
        if show.is_empty() {
            continue;
        }
        let is_none = || dialogue.none.as_ref().is_some_and(|none| none.is_match(&found[0]));
        let seats = seats(&found).or_else(|| is_none().then_some(0));
        let row = Row { show: show.to_owned(), seats };
        match rows.iter_mut().find(|other| other.show == row.show) {
            Some(other) => *other = row,
            None => rows.push(row),
        }
    }
    (!rows.is_empty()).then_some(rows)
}

/// The seats that a text says are left.
pub fn left(dialogue: &Dialogue, text: &str) -> Option<i64> {
    let said = dialogue.left.as_ref().and_then(|left| left.captures(text));
    let is_none = |none: &Regex| none.is_match(text).then_some(0);
    said.and_then(|found| seats(&found)).or_else(|| dialogue.none.as_ref().and_then(is_none))
}

fn seats(found: &Captures<'_>) -> Option<i64> {
    let seats: i64 = found.name("seats")?.as_str().trim().parse().ok()?;
    // No hall has so many; sums and differences of them must be numbers.
    (-SEATS_MAX..=SEATS_MAX).contains(&seats).then_some(seats)
}

#[cfg(test)]
mod tests {
    use super::{Answer, Row, left, rows, said};
    use crate::assignment::dialogue::Dialogue;

    fn dialogue() -> Dialogue {
        toml::from_str(
            r#"
            row = '\[(?<show>\S+)\] .*?(?:(?<seats>-?\d+) places|complet)'
            left = '(?<seats>-?\d+) places sont'
            none = 'complet'
            reserve = "2\n"
            done = 'OK\.'
            refused = 'NOK'
            "#,
        )
        .unwrap()
    }

    #[test]
    fn a_table_has_several_rows_in_a_line_and_each_show_once() {
        let text =
            "[1] Hamlet 12 places [2] Phèdre -3 places\n[3] Cid complet\n[1] Hamlet 9 places";
        let row = |show: &str, seats| Row { show: show.to_owned(), seats: Some(seats) };
        assert_eq!(rows(&dialogue(), text), Some(vec![row("1", 9), row("2", -3), row("3", 0)]));
        assert_eq!(rows(&dialogue(), "nothing"), None);
    }

    #[test]
    fn a_number_goes_before_none_and_a_refusal_before_done() {
        assert_eq!(left(&dialogue(), "-4 places sont libres"), Some(-4));
        assert_eq!(left(&dialogue(), "complet"), Some(0));
        assert_eq!(left(&dialogue(), "4 places"), None);
        assert_eq!(left(&dialogue(), "9223372036854775807 places sont libres"), None);
        assert_eq!(said(&dialogue(), "NOK."), Answer::Refused);
        assert_eq!(said(&dialogue(), "OK."), Answer::Done);
        assert_eq!(said(&dialogue(), ""), Answer::Neither);
    }
}
