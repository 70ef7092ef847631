//! The order of items: what depends on a lost one is skipped, and what loses is asked twice more.

use std::ops::ControlFlow;
use std::time::Instant;

use crate::items::{self, Item};
use crate::judge::course::Course;
use crate::verdict::item::{ItemReport, Ruling, Verdict};
use crate::words::{Words, text};

/// An item that loses is asked so often in all: the same each time, or it is flaky.
const RUNS: usize = 3;

/// Asks items in their order; `on_item` hears of each as soon as it is known.
pub fn ask(
    course: &Course<'_>,
    wanted: &[&'static Item],
    on_item: &mut dyn FnMut(&ItemReport) -> ControlFlow<()>,
) {
    let mut asked: Vec<ItemReport> = Vec::new();
    for item in wanted {
        let report = match lost_before(item, &asked) {
            Some(lost) => skipped(course, item, lost),
            None => ask_one(course, item),
        };
        if on_item(&report).is_break() {
            return;
        }
        asked.push(report);
    }
}

/// What this item depends on and has lost, or could not be asked.
fn lost_before<'a>(item: &Item, asked: &'a [ItemReport]) -> Option<&'a ItemReport> {
    let is_needed = |report: &&ItemReport| item.depends_on.contains(&report.id.as_str());
    asked.iter().filter(is_needed).find(|report| report.ruling.verdict != Verdict::Pass)
}

fn skipped(course: &Course<'_>, item: &Item, lost: &ItemReport) -> ItemReport {
    let cause = text(course.words.say(&format!("item-{}", lost.id)));
    // What the grader could not ask costs nothing, and neither does what depends on it.
    let verdict = match lost.ruling.verdict {
        Verdict::NotJudged => Verdict::NotJudged,
        _ => Verdict::Skipped,
    };
    let values = [("id", text(lost.id.as_str())), ("item", cause)];
    let ruling = course.words.fault(verdict, "fault-skipped", &values);
    report(course, item, ruling, 0.0, Vec::new())
}

fn ask_one(course: &Course<'_>, item: &Item) -> ItemReport {
    let begin = Instant::now();
    let mut rulings: Vec<Ruling> = Vec::new();
    loop {
        let ruling = items::ask(course, item).unwrap_or_else(|lost| *lost);
        let is_settled = !ruling.verdict.loses() && rulings.is_empty() || !item.is_repeated;
        rulings.push(ruling);
        if is_settled || rulings.len() == RUNS {
            break;
        }
    }
    let runs: Vec<Verdict> = rulings.iter().map(|ruling| ruling.verdict).collect();
    let ruling = unanimous(rulings, course.words);
    report(course, item, ruling, begin.elapsed().as_secs_f64(), runs)
}

/// What rulings say together: if some lose and some do not, it is flaky. Of those that lose, a fault
/// says more than a time-out.
fn unanimous(rulings: Vec<Ruling>, words: &Words) -> Ruling {
    let is_mixed = rulings.iter().any(|ruling| ruling.verdict.loses())
        && !rulings.iter().all(|ruling| ruling.verdict.loses());
    let telling = |ruling: &Ruling| match ruling.verdict {
        Verdict::Fail | Verdict::Crash => 0,
        verdict if verdict.loses() => 1,
        _ => 2,
    };
    let mut ruling =
        rulings.into_iter().min_by_key(telling).expect("an item is asked at least once");
    if is_mixed {
        ruling.verdict = Verdict::Flaky;
        ruling.cause = words.say_with("fault-flaky", &[("cause", text(ruling.cause))]);
    }
    ruling
}

fn report(
    course: &Course<'_>,
    item: &Item,
    mut ruling: Ruling,
    seconds: f64,
    runs: Vec<Verdict>,
) -> ItemReport {
    let max = course.question.points.get(item.id).copied().unwrap_or(item.points);
    let points = if ruling.verdict == Verdict::Pass { max } else { 0.0 };
    if ruling.verdict.loses() && ruling.hint.is_empty() {
        ruling.hint = course.words.hint(&format!("item-{}", item.id)).unwrap_or_default();
    }
    ItemReport { id: item.id.to_owned(), points, max, ruling: ruling.harmless(), seconds, runs }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ipctop::messages::Language;

    fn all(verdicts: &[Verdict]) -> Verdict {
        let rulings = verdicts.iter().map(|&verdict| Ruling::of(verdict)).collect();
        unanimous(rulings, &Words::new(Language::English)).verdict
    }

    #[test]
    fn what_loses_each_time_is_lost_and_what_loses_sometimes_is_flaky() {
        assert_eq!(all(&[Verdict::Pass]), Verdict::Pass);
        assert_eq!(all(&[Verdict::Fail, Verdict::Timeout, Verdict::Fail]), Verdict::Fail);
        assert_eq!(all(&[Verdict::Fail, Verdict::Pass, Verdict::Fail]), Verdict::Flaky);
    }
}
