//! The results.json that Gradescope reads.

use serde_json::{Value, json};

use crate::output::explanation::explanation;
use crate::verdict::item::{ItemReport, Verdict};
use crate::verdict::report::Report;
use crate::words::Words;

/// The results of one report.
///
/// Gradescope adds the scores of the tests up, unless there is a score above them: the mark, which is
/// in halves.
pub fn results(report: &Report, words: &Words) -> Value {
    let tests: Vec<Value> = report.items.iter().map(|item| test(item, words)).collect();
    json!({
        "score": report.points,
        "output": report.notes.join("\n"),
        "output_format": "text",
        "visibility": "visible",
        "tests": tests,
    })
}

fn test(item: &ItemReport, words: &Words) -> Value {
    let passed = item.ruling.verdict == Verdict::Pass;
    json!({
        "name": format!("{}: {}", item.id, words.say(&format!("item-{}", item.id))),
        "number": item.id,
        "score": item.points,
        "max_score": item.max,
        "status": if passed { "passed" } else { "failed" },
        "output": explanation(item, words),
        "output_format": "text",
    })
}
