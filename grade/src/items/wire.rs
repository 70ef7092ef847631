//! Does the server keep the promises of docs/PROTOCOL.md? Each item is one of them, and asks the checks
//! that this project asks of its own servers.

use crate::judge::course::{Asked, Course};
use crate::judge::wire_door::{self, End, Line};
use crate::verdict::item::{Ruling, Verdict};
use crate::words::{number, text};

/// The lines that are shown of what came.
const LINES: usize = 30;

/// Asks the checks of a promise; without one, whether the server can be started and stopped.
pub(super) fn ask(course: &Course<'_>, promise: Option<&str>) -> Asked<Ruling> {
    let heard = wire_door::ask(course, promise)?;
    let kept: Vec<String> =
        heard.named("kept").map(|line| format!("kept: {}", line.check)).collect();
    if let Some(broken) = heard.named("broken").next() {
        let fault = fault(course, promise, broken);
        return Err(Box::new(fault.with_lines(kept)));
    }
    if let Some(lacking) = heard.named("lacks").next() {
        return course.cannot(&lacking.check, &lacking.came);
    }
    match &heard.end {
        End::Well if !kept.is_empty() => Ok(Ruling::pass(kept)),
        End::Well => course.cannot("ask", &"no check was asked"),
        End::Badly(why) => course.cannot(heard.last(), why),
        End::Killed => {
            let values = [("check", text(heard.last()))];
            let fault = course.words.fault(Verdict::Fail, "fault-promise-killed", &values);
            Err(Box::new(fault.with_lines(kept)))
        }
        End::TooLong(budget) => {
            let seconds = number(budget.as_secs() as i64);
            let values = [("check", text(heard.last())), ("budget", seconds)];
            let mut fault = course.words.fault(Verdict::Timeout, "fault-promise-slow", &values);
            fault.budget_ms = Some(budget.as_millis() as u64);
            Err(Box::new(fault.with_lines(kept)))
        }
    }
}

/// What a broken check says: the first line of what came, and all of it as evidence.
fn fault(course: &Course<'_>, promise: Option<&str>, broken: &Line) -> Ruling {
    let values = [
        ("promise", text(promise.unwrap_or("start"))),
        ("check", text(broken.check.as_str())),
        ("sent", text(clean(&broken.sent))),
    ];
    let mut fault = course.words.fault(Verdict::Fail, "fault-promise", &values);
    let mut came = broken.came.lines().map(clean);
    fault.expected = clean(&broken.expected);
    fault.actual = came.next().unwrap_or_default();
    fault.evidence.extend(came.take(LINES));
    fault
}

fn clean(line: &str) -> String {
    ipctop::clean::clean(line).to_string()
}
