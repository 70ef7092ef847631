//! Marks a submission: in a box where one can be made, else beside all other programs.

use std::time::Duration;

use anyhow::Context;

use crate::assignment::submission::Submission;
use crate::items;
use crate::job::Job;
use crate::sandbox;
use crate::verdict::item::{ItemReport, Ruling, Verdict};
use crate::verdict::report::Report;
use crate::words::{Words, text};

/// All items of a question take less than this, on a slow machine too.
pub const QUESTION_MAX: Duration = Duration::from_secs(600);

/// Asks the items of a job, and makes the report.
///
/// # Errors
/// If the job cannot be written.
pub fn mark(
    submission: &Submission,
    question: &str,
    job: &Job,
    words: &Words,
) -> anyhow::Result<Report> {
    let text = serde_json::to_string(job).context("cannot write the job")?;
    let mut items: Vec<ItemReport> = Vec::new();
    let mut on_line = |line: &str| {
        // The judge inside writes nothing else; what it could not say is missing below.
        if let Ok(item) = serde_json::from_str(line) {
            items.push(item);
        }
    };
    let ended = sandbox::run(&submission.folder, &text, QUESTION_MAX, &mut on_line);
    let (isolation, failure) = match ended {
        Ok(isolation) => (isolation, None),
        Err(failure) => ("none", Some(failure.to_string())),
    };
    let failure = failure.unwrap_or_default();
    for id in &job.items {
        if items.iter().all(|item| item.id != *id) {
            items.push(not_judged(submission, id, &failure, words));
        }
    }
    let mut report = Report::new(question, &submission.name, items);
    report.isolation = isolation.to_owned();
    report.seed = job.seed;
    if !submission.refused.is_empty() {
        let keys = [("keys", text_of(&submission.refused))];
        report.notes.push(words.say_with("note-refused", &keys));
    }
    Ok(report)
}

fn text_of(keys: &[String]) -> ipctop::model::finding::Value {
    text(keys.join(", "))
}

fn not_judged(submission: &Submission, id: &str, failure: &str, words: &Words) -> ItemReport {
    let max = submission.question.points.get(id).copied();
    let max = max.or_else(|| items::find(id).map(|item| item.points)).unwrap_or_default();
    let values = [("what", text("ask")), ("error", text(failure))];
    let ruling: Ruling = words.fault(Verdict::NotJudged, "fault-grader", &values);
    ItemReport { id: id.to_owned(), points: 0.0, max, ruling, seconds: 0.0, runs: Vec::new() }
}
