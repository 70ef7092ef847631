//! The lines that Moodle's Virtual Programming Lab reads from an evaluation.

use std::fmt::Write;

use crate::output::explanation::explanation;
use crate::verdict::item::Verdict;
use crate::verdict::report::Report;
use crate::words::Words;

/// Comments for the items that lost, then the mark.
pub fn lines(report: &Report, words: &Words) -> String {
    let mut lines = String::from("<|--\n");
    for item in report.items.iter().filter(|item| item.ruling.verdict != Verdict::Pass) {
        let title = words.say(&format!("item-{}", item.id));
        let _ = writeln!(lines, "-{}: {title} ({} / {})", item.id, item.points, item.max);
        for line in explanation(item, words).lines() {
            // With `>` a line is shown as it is; the end of the comments must not be forged.
            let _ = writeln!(lines, ">{}", line.replace("--|>", "-- |>"));
        }
    }
    let _ = writeln!(lines, "--|>\nGrade :=>> {}", report.points);
    lines
}
