//! What was heard of a client, as a ruling: endings that are no answer, and answers that are wrong.

use crate::dialogue::client::Client;
use crate::dialogue::reading::{Answer, Outcome, Reading, Row};
use crate::judge::course::{Asked, Course};
use crate::readiness::NotReady;
use crate::terminal::turn::{Ending, Turn};
use crate::verdict::item::{Ruling, Verdict};
use crate::words::{number, text};

/// The lines of a client's terminal that are evidence.
const LINES: usize = 12;

/// Lines that may be printed: no control characters, no empty lines.
pub fn visible(shown: &str) -> Vec<String> {
    let lines = shown.lines().map(|line| ipctop::clean::clean(line.trim_end()));
    lines.filter(|line| !line.is_empty()).collect()
}

/// The last lines that a client has shown.
pub fn last_lines(shown: &str) -> Vec<String> {
    let lines = visible(shown);
    let first = lines.len().saturating_sub(LINES);
    lines[first..].iter().map(|line| format!("client| {line}")).collect()
}

/// What was typed, in words.
pub fn typed(turn: &Turn) -> String {
    turn.typed
        .iter()
        .map(|typed| typed.keys.escape_debug().to_string())
        .collect::<Vec<_>>()
        .join(" ")
}

/// A client whose turn did not end well, while it did something: `open`, `list`, `view`, `reserve`.
pub fn bad_ending(course: &Course<'_>, doing: &str, ending: &Ending, shown: &str) -> Ruling {
    bad_ending_while(course, course.words.say(&format!("doing-{doing}")), ending, shown)
}

/// The same, with what it did in words.
pub fn bad_ending_while(
    course: &Course<'_>,
    doing: String,
    ending: &Ending,
    shown: &str,
) -> Ruling {
    let words = course.words;
    let doing = ("doing", text(doing));
    match ending {
        Ending::Asks => words.fault(Verdict::Fail, "fault-asks", &[doing]),
        Ending::Exit(status) => {
            let verdict = if status.code().is_none() { Verdict::Crash } else { Verdict::Fail };
            let status = ("status", text(words.status(*status)));
            words.fault(verdict, "fault-client-ended", &[doing, status])
        }
        Ending::Flood => words.fault(Verdict::Fail, "fault-flood", &[doing]),
        Ending::NotStarted(error) => {
            words.fault(Verdict::Fail, "fault-client-lost", &[("error", text(error.as_str()))])
        }
        Ending::Budget(stuck) => {
            let (used, budget) = (stuck.used.as_millis() as i64, stuck.budget.as_millis() as i64);
            let values = [doing, ("used", number(used)), ("budget", number(budget))];
            let mut ruling = words.fault(Verdict::Timeout, "fault-silent", &values);
            ruling.budget_ms = Some(budget as u64);
            let findings = stuck.findings().into_iter().map(str::to_owned);
            let mut lines: Vec<String> = Vec::new();
            // The server may be seen beside the client, and once more by itself.
            for line in findings.chain(stuck.waits()) {
                let is_known = lines.iter().any(|other| is_same_wait(other, &line));
                if !is_known {
                    lines.push(line);
                }
            }
            ruling.with_lines(lines)
        }
    }
    .with_lines(last_lines(shown))
}

/// Whether two lines about a thread differ at most in how long it has waited.
fn is_same_wait(one: &str, other: &str) -> bool {
    let what = |line: &str| line.split(" >= ").next().unwrap_or_default().trim().to_owned();
    what(one) == what(other)
}

/// A server that does not get ready.
pub fn not_ready(course: &Course<'_>, not_ready: &NotReady) -> Ruling {
    let words = course.words;
    match not_ready {
        NotReady::Ended { status, .. } => {
            let verdict = if status.code().is_none() { Verdict::Crash } else { Verdict::Fail };
            words.fault(verdict, "fault-server-ended", &[("status", text(words.status(*status)))])
        }
        NotReady::Late { stuck, waits, .. } => {
            let budget = stuck.budget.as_millis() as i64;
            let fault = if *waits { "fault-line-unsaid" } else { "fault-not-ready" };
            let mut ruling = words.fault(Verdict::Timeout, fault, &[("budget", number(budget))]);
            ruling.budget_ms = Some(budget as u64);
            ruling.with_lines(stuck.waits())
        }
        NotReady::Pattern(error) => cannot(course, "use the pattern of `ready`", error),
        NotReady::Unknown(error) => cannot(course, "wait for the server", error),
    }
}

fn cannot(course: &Course<'_>, what: &str, error: &dyn std::fmt::Display) -> Ruling {
    let values = [("what", text(what)), ("error", text(error.to_string()))];
    course.words.fault(Verdict::NotJudged, "fault-grader", &values)
}

/// The table that a client shows.
pub fn rows(course: &Course<'_>, client: &mut Client<'_>) -> Asked<Vec<Row>> {
    let reading = client.list();
    read(course, "list", reading)
}

/// The seats that a show has left.
pub fn left(course: &Course<'_>, client: &mut Client<'_>, show: &str) -> Asked<i64> {
    let reading = client.left(show);
    read(course, "view", reading)
}

fn read<T>(course: &Course<'_>, doing: &str, reading: Reading<T>) -> Asked<T> {
    let Reading { value, turn } = reading;
    if let Some(value) = value {
        return Ok(value);
    }
    if !turn.ending.is_calm() {
        return Err(Box::new(bad_ending(course, doing, &turn.ending, &turn.conversation())));
    }
    let values = [
        ("typed", text(typed(&turn))),
        ("pattern", text(course.question.dialogue.pattern_of(doing))),
    ];
    let fault = course.words.fault(Verdict::Fail, &format!("fault-no-{doing}"), &values);
    Err(Box::new(fault.with_lines(last_lines(&turn.conversation()))))
}

/// Prepares a reservation. A client that falls silent already then loses at once: each of many would
/// cost as much time.
pub fn prepare(course: &Course<'_>, client: &mut Client<'_>, show: &str, seats: i64) -> Asked<()> {
    client.prepare_reserve(show, &seats.to_string());
    match client.is_stuck() {
        true => must_be_done(course, &client.outcome()),
        false => Ok(()),
    }
}

/// A reservation that must be made.
pub fn must_be_done(course: &Course<'_>, outcome: &Outcome) -> Asked<()> {
    match (outcome.answer, &outcome.turn) {
        (Answer::Done, _) => Ok(()),
        (_, Some(turn)) if !turn.ending.is_calm() => {
            Err(Box::new(bad_ending(course, "reserve", &turn.ending, &turn.conversation())))
        }
        (answer, turn) => {
            let fault = match answer {
                Answer::Refused => "fault-refused",
                _ => "fault-no-answer",
            };
            let said = turn.as_ref().map(Turn::conversation).unwrap_or_default();
            let typed = turn.as_ref().map(typed).unwrap_or_default();
            let pattern = course.question.dialogue.pattern_of("reserve");
            let values = [("typed", text(typed)), ("pattern", text(pattern))];
            let ruling = course.words.fault(Verdict::Fail, fault, &values);
            Err(Box::new(ruling.with_lines(last_lines(&said))))
        }
    }
}
