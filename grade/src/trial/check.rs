//! Tries a dialogue line by line, with a server and clients that have just started.

use std::time::Instant;

use regex::Regex;

use crate::dialogue::client::Client;
use crate::dialogue::reading::{Answer, Outcome, Reading, Row};
use crate::judge::course::{Asked, Course};
use crate::judge::hearing;
use crate::judge::scene::Scene;
use crate::judge::shows::{self, Show};
use crate::terminal::turn::{Ending, Turn};
use crate::verdict::item::{Ruling, Verdict};
use crate::words::{number, text};

/// Rows that are shown, at most.
const ROWS_MAX: usize = 6;

/// What came of a line of the dialogue.
#[derive(Debug)]
pub struct Tried {
    /// The key of the line.
    pub key: &'static str,
    /// What it matched, or why it did not.
    pub result: Asked<String>,
}

/// Tries all lines; `on_line` hears of each. Whether all are right.
pub fn dialogue(course: &Course<'_>, on_line: &mut dyn FnMut(&Tried)) -> bool {
    let mut trial = Trial { course, on_line, is_good: true };
    // What comes after a lost line that it needs is not tried.
    let is_through = trial.run().is_some();
    is_through && trial.is_good
}

struct Trial<'a> {
    course: &'a Course<'a>,
    on_line: &'a mut dyn FnMut(&Tried),
    is_good: bool,
}

impl<'a> Trial<'a> {
    fn run(&mut self) -> Option<()> {
        let course = self.course;
        let scene = if course.question.one_program {
            Scene::start(course).ok()?
        } else {
            let words = course.words.say("trial-waits");
            self.line("server", Scene::start(course).map(|scene| (scene, words)))?
        };
        let asks = course.words.say("trial-asks");
        let mut client = self.line("open", scene.client("ada").map(|client| (client, asks)))?;
        let table = table(course, &scene, &mut client);
        self.line("row", table)?;
        if course.question.dialogue.view.is_some() || course.question.dialogue.left.is_some() {
            let viewed = first_view(course, &mut client);
            self.line("left", viewed)?;
        }
        let mut show = match shows::with_seats(course, &mut client, 1) {
            Ok(show) => show,
            Err(lost) => return self.line("row", Err(lost)),
        };
        let done = reserve_one(course, &mut client, &show);
        if self.line("done", done).is_some() {
            show.seats -= 1;
            let counted = count(course, &mut client, &show);
            self.line(
                if course.question.dialogue.view.is_some() { "left" } else { "row" },
                counted,
            );
        }
        let refused = too_many(course, &mut client, &show);
        self.line("refused", refused);
        drop(client);
        let left = scene.client("bob").and_then(|client| leave(course, client));
        self.line("quit", left);
        Some(())
    }

    fn line<T>(&mut self, key: &'static str, asked: Asked<(T, String)>) -> Option<T> {
        let (value, result) = match asked {
            Ok((value, said)) => (Some(value), Ok(said)),
            Err(lost) => (None, Err(lost)),
        };
        self.is_good &= result.is_ok();
        (self.on_line)(&Tried { key, result });
        value
    }
}

/// The table. A server may wait for requests before those behind it can answer: for a moment it is
/// tried again, with fresh clients.
fn table<'a>(
    course: &Course<'a>,
    scene: &Scene<'a>,
    client: &mut Client<'a>,
) -> Asked<((), String)> {
    let begin = Instant::now();
    let mut read = client.list();
    while read.value.is_none() && begin.elapsed() < course.patience.turn() {
        *client = scene.client("ada")?;
        read = client.list();
    }
    let rows = found(course, "list", &course.question.dialogue.row, read)?;
    let said = |row: &Row| match row.seats {
        Some(seats) => format!("{} ({seats})", row.show),
        None => row.show.clone(),
    };
    let mut shown: Vec<String> = rows.iter().take(ROWS_MAX).map(said).collect();
    if rows.len() > ROWS_MAX {
        shown.push("...".to_owned());
    }
    let values = [("count", number(rows.len() as i64)), ("rows", text(shown.join(", ")))];
    Ok(((), course.words.say_with("trial-rows", &values)))
}

fn first_view(course: &Course<'_>, client: &mut Client<'_>) -> Asked<((), String)> {
    let rows = hearing::rows(course, client)?;
    let show = rows.first().map(|row| row.show.clone()).unwrap_or_default();
    let seats = viewed(course, client, &show)?;
    // The table may not say it.
    let listed = rows.iter().find_map(|row| row.seats.filter(|_| row.show == show));
    if let Some(listed) = listed.filter(|listed| *listed != seats) {
        let values = [("show", text(show)), ("listed", number(listed)), ("viewed", number(seats))];
        let fault = course.words.fault(Verdict::Fail, "fault-two-counts", &values);
        return Err(Box::new(fault.with_lines(hearing::last_lines(client.transcript()))));
    }
    Ok(((), left(course, &show, seats)))
}

fn count(course: &Course<'_>, client: &mut Client<'_>, show: &Show) -> Asked<((), String)> {
    let seats = viewed(course, client, &show.name)?;
    if seats == show.seats {
        return Ok(((), left(course, &show.name, seats)));
    }
    let values = [
        ("show", text(show.name.as_str())),
        ("seats", number(1)),
        ("before", number(show.seats + 1)),
        ("wanted", number(show.seats)),
        ("left", number(seats)),
    ];
    let fault = course.words.fault(Verdict::Fail, "fault-wrong-count", &values);
    Err(Box::new(fault.with_lines(hearing::last_lines(client.transcript()))))
}

fn viewed(course: &Course<'_>, client: &mut Client<'_>, show: &str) -> Asked<i64> {
    let dialogue = &course.question.dialogue;
    let pattern = dialogue.left.as_ref().unwrap_or(&dialogue.row);
    found(course, "view", pattern, client.left(show))
}

fn left(course: &Course<'_>, show: &str, seats: i64) -> String {
    course.words.say_with("trial-left", &[("show", text(show)), ("seats", number(seats))])
}

fn reserve_one(course: &Course<'_>, client: &mut Client<'_>, show: &Show) -> Asked<((), String)> {
    let outcome = client.reserve(&show.name, "1");
    let done = &course.question.dialogue.done;
    match outcome.answer {
        Answer::Neither => Err(unmatched(course, done, &outcome)),
        _ => hearing::must_be_done(course, &outcome).map(|()| ((), answer(done, &outcome))),
    }
}

/// More seats than there are, unless the client itself refuses such numbers.
fn too_many(course: &Course<'_>, client: &mut Client<'_>, show: &Show) -> Asked<((), String)> {
    let outcome = client.reserve(&show.name, &(show.seats + 1).to_string());
    let refused = &course.question.dialogue.refused;
    match outcome.answer {
        Answer::Refused => Ok(((), answer(refused, &outcome))),
        Answer::NotAsked => Ok(((), course.words.say("trial-not-asked"))),
        Answer::Neither => Err(unmatched(course, refused, &outcome)),
        Answer::Done => {
            let input = [("input", text(course.words.say("odd-too-many")))];
            let fault = course.words.fault(Verdict::Fail, "fault-not-refused", &input);
            let shown = outcome.turn.as_ref().map(Turn::conversation).unwrap_or_default();
            Err(Box::new(fault.with_lines(hearing::last_lines(&shown))))
        }
    }
}

fn leave(course: &Course<'_>, client: Client<'_>) -> Asked<((), String)> {
    let turn = client.quit();
    if matches!(turn.ending, Ending::Exit(_)) {
        return Ok(((), course.words.say("trial-ends")));
    }
    let typed = [("typed", text(hearing::typed(&turn)))];
    let fault = course.words.fault(Verdict::Fail, "fault-trial-stays", &typed);
    Err(Box::new(fault.with_lines(hearing::last_lines(&turn.conversation()))))
}

/// What was read, or that nothing matches.
fn found<T>(course: &Course<'_>, doing: &str, pattern: &Regex, read: Reading<T>) -> Asked<T> {
    let Reading { value, turn } = read;
    value.ok_or_else(|| Box::new(nothing(course, doing, pattern, &turn)))
}

fn unmatched(course: &Course<'_>, pattern: &Regex, outcome: &Outcome) -> Box<Ruling> {
    Box::new(match &outcome.turn {
        Some(turn) => nothing(course, "reserve", pattern, turn),
        None => course.words.fault(Verdict::NotJudged, "trial-not-asked", &[]),
    })
}

/// Nothing matches; or the client did not come so far as to answer.
fn nothing(course: &Course<'_>, doing: &str, pattern: &Regex, turn: &Turn) -> Ruling {
    if !turn.ending.is_calm() {
        return hearing::bad_ending(course, doing, &turn.ending, &turn.conversation());
    }
    let values = [("pattern", text(pattern.as_str()))];
    let fault = course.words.fault(Verdict::Fail, "fault-trial-no-match", &values);
    fault.with_lines(hearing::last_lines(&turn.conversation()))
}

/// The line that a pattern matched.
fn answer(pattern: &Regex, outcome: &Outcome) -> String {
    let shown = outcome.turn.as_ref().map(|turn| turn.text.as_str()).unwrap_or_default();
    let line = pattern.find(shown).map(|found| {
        let begin = shown[..found.start()].rfind('\n').map_or(0, |at| at + 1);
        let end = shown[found.end()..].find('\n').map_or(shown.len(), |at| found.end() + at);
        ipctop::clean::clean(shown[begin..end].trim())
    });
    line.unwrap_or_default()
}
