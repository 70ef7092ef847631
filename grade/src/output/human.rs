//! The report as a person reads it, at most 80 columns wide.

use std::fmt::Write;

use ipctop::messages::Language;

use crate::output::explanation::explained;
use crate::verdict::item::{ItemReport, Verdict};
use crate::verdict::report::Report;
use crate::words::{Words, text};

/// Columns of a line.
const WIDTH: usize = 80;
/// The lines of evidence that are shown; JSON has all.
const EVIDENCE_MAX: usize = 14;

/// The report, in colours or not.
pub fn page(report: &Report, words: &Words, is_coloured: bool) -> String {
    let mut page = String::new();
    let mark = format!("{} / {}", points(report.points, words), points(report.max, words));
    line(&mut page, &format!("{} {}    {mark}", report.question, report.submission));
    for note in &report.notes {
        wrap(&mut page, 2, note);
    }
    page.push('\n');
    for item in &report.items {
        let verdict = item.ruling.verdict;
        let name = format!("{:<10}", words.say(&format!("verdict-{}", verdict.name())));
        let name = if is_coloured { paint(verdict, &name) } else { name };
        let points = format!("{:>4}/{:<4}", points(item.points, words), points(item.max, words));
        let asked = words.say(&format!("item-{}", item.id));
        line(&mut page, &format!("  {name} {points} {:<15} {asked}", item.id));
    }
    for item in report.items.iter().filter(|item| is_told(item)) {
        page.push('\n');
        tell(&mut page, item, words);
    }
    if report.ran_bare() {
        page.push('\n');
        wrap(&mut page, 0, &words.say("isolation-none"));
    }
    page
}

/// Whether more is said than its line.
fn is_told(item: &ItemReport) -> bool {
    !matches!(item.ruling.verdict, Verdict::Pass | Verdict::Skipped)
}

fn tell(page: &mut String, item: &ItemReport, words: &Words) {
    let ruling = &item.ruling;
    line(page, &format!("-- {} {}", item.id, "-".repeat(WIDTH - 5 - item.id.len())));
    wrap(page, 0, &ruling.cause);
    let parts = [("expected", &ruling.expected), ("actual", &ruling.actual)];
    for (name, part) in parts.into_iter().filter(|(_, part)| !part.is_empty()) {
        wrap(page, 2, &words.say_with(&format!("part-{name}"), &[("what", text(part.as_str()))]));
    }
    if !ruling.evidence.is_empty() {
        line(page, &words.say("part-evidence"));
        for evidence in ruling.evidence.iter().take(EVIDENCE_MAX) {
            line(page, &format!("    {evidence}"));
        }
        if let Some(more) = ruling.evidence.len().checked_sub(EVIDENCE_MAX).filter(|n| *n > 0) {
            line(page, &format!("    ... (+{more})"));
        }
    }
    if item.runs.len() > 1 {
        let runs: Vec<String> =
            item.runs.iter().map(|run| words.say(&format!("verdict-{}", run.name()))).collect();
        wrap(page, 2, &words.say_with("part-runs", &[("runs", text(runs.join(", ")))]));
    }
    if !ruling.hint.is_empty() {
        wrap(page, 2, &words.say_with("part-hint", &[("hint", text(ruling.hint.as_str()))]));
    }
    explained(item, words).inspect(|line| wrap(page, 2, line));
}

/// A number of points: halves, and French writes a comma.
pub fn points(points: f64, words: &Words) -> String {
    let number = if points.fract() == 0.0 { format!("{points:.0}") } else { format!("{points}") };
    match words.language() {
        Language::French => number.replace('.', ","),
        Language::English => number,
    }
}

fn paint(verdict: Verdict, name: &str) -> String {
    let colour = match verdict {
        Verdict::Pass => 32,
        Verdict::Fail => 31,
        Verdict::Timeout => 35,
        Verdict::Crash => 91,
        Verdict::Skipped => 90,
        Verdict::Flaky => 33,
        Verdict::NotJudged => 36,
    };
    format!("\u{1b}[{colour}m{name}\u{1b}[0m")
}

/// One line; what is too long for it is cut, and the cut is shown.
pub(crate) fn line(page: &mut String, text: &str) {
    let visible = text.chars().filter(|c| !c.is_control()).count();
    if text.contains('\u{1b}') || visible <= WIDTH {
        page.push_str(text.trim_end());
    } else {
        page.extend(text.chars().take(WIDTH - 3));
        page.push_str("...");
    }
    page.push('\n');
}

/// A paragraph, indented, broken between words.
pub(crate) fn wrap(page: &mut String, indent: usize, text: &str) {
    for paragraph in text.lines() {
        let mut column = 0;
        for word in paragraph.split_whitespace() {
            let len = word.chars().count();
            if column == 0 {
                let _ = write!(page, "{:indent$}", "");
                column = indent;
            } else if column + 1 + len > WIDTH {
                let _ = write!(page, "\n{:1$}", "", indent + 2);
                column = indent + 2;
            } else {
                page.push(' ');
                column += 1;
            }
            page.push_str(word);
            column += len;
        }
        page.push('\n');
    }
}
