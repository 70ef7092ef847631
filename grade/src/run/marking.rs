//! Marks a submission: in a box where one can be made, else beside all other programs.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use ipctop::clean::clean;

use crate::assignment::submission::Submission;
use crate::course::list::Entry;
use crate::items::{self, Item};
use crate::job::Job;
use crate::run::inside::{BARE, Order};
use crate::sandbox::failure::Failure;
use crate::sandbox::run::{BoxSpec, run};
use crate::sandbox::tree::Tree;
use crate::sys;
use crate::verdict::item::{ItemReport, Verdict};
use crate::verdict::report::Report;
use crate::words::{Words, number, text};

/// All items of a question take less than this, on a slow machine too.
const QUESTION_MAX: Duration = Duration::from_secs(900);
/// A teacher's patience makes it longer, so many times at most.
const PATIENCE_MAX: f64 = 100.0;
/// More than this is no student's program.
const SUBMISSION_MAX: u64 = 64 << 20;

/// Asks the items of a job, and makes the report.
///
/// # Errors
/// If the submission cannot be read.
pub fn mark(
    submission: &Submission,
    question: &str,
    job: &Job,
    words: &Words,
) -> anyhow::Result<Report> {
    let tree = Tree::read(&submission.folder, SUBMISSION_MAX)
        .with_context(|| format!("cannot read {}", submission.folder.display()))?;
    let order = serde_json::to_string(job).context("cannot write the job")?;
    let mut items: Vec<ItemReport> = Vec::new();
    // The judge inside writes nothing else; what it could not say is missing below.
    let mut on_line = |line: &str| items.extend(serde_json::from_str::<ItemReport>(line));
    let time_limit = QUESTION_MAX.mul_f64(job.patience.clamp(1.0, PATIENCE_MAX));
    let spec = BoxSpec { time_limit, ..BoxSpec::new(tree.clone()) };
    let mut isolation = "namespaces";
    let ended = match run(&spec, &order, &mut on_line) {
        Err(Failure::NoBox(_)) if !boxes_work() => {
            isolation = "none";
            without_a_box(&tree, job, &mut on_line)
        }
        Err(failure) => Err(failure.into()),
        Ok(_) => Ok(()),
    };
    for item in items::all().filter(|item| job.items.iter().any(|id| id == item.id)) {
        if items.iter().all(|report| report.id != item.id) {
            let max = submission.question.points.get(item.id).copied();
            items.push(unasked(item, max.unwrap_or(item.points), ended.as_ref().err(), words));
        }
    }
    let mut report = Report::new(question, &submission.name, items);
    if ended.is_err() {
        // A submission may have ended its judge: what was not asked is not given to it.
        report.points = report.items.iter().map(|item| item.points).sum();
    }
    report.isolation = isolation.to_owned();
    if !submission.refused.is_empty() {
        let keys = [("keys", text(clean(&submission.refused.join(", "))))];
        report.notes.push(words.say_with("note-refused", &keys));
    }
    Ok(report)
}

/// Starts the judge as a process of its own, which adopts what the submission leaves, and ends it.
fn without_a_box(tree: &Tree, job: &Job, on_line: &mut dyn FnMut(&str)) -> anyhow::Result<()> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let home = folder.path().join("submission");
    std::fs::create_dir(&home).context("cannot make a temporary folder")?;
    Tree::unpack(tree.bytes(), &home).context("cannot copy the submission")?;
    let mut command = Command::new("/proc/self/exe");
    command.arg(BARE).stdin(Stdio::piped()).stdout(Stdio::piped());
    sys::prepare(&mut command);
    let mut child = command.spawn().context("cannot start the judge")?;
    let order = serde_json::to_vec(&Order { job: job.clone(), home })?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(&order).context("cannot tell the judge its job")?;
    }
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines() {
            on_line(&line.context("cannot hear the judge")?);
        }
    }
    let status = child.wait().context("cannot wait for the judge")?;
    ensure!(status.success(), "the judge ended: {status}");
    Ok(())
}

/// Whether this machine makes a box at all. Without one a submission runs only where none can ever be
/// made, and not because the machine was short of something for a moment.
fn boxes_work() -> bool {
    let nothing = r#"{"run": []}"#;
    let made = run(&BoxSpec::new(Tree::default()), nothing, &mut |_| {});
    !matches!(made, Err(Failure::NoBox(_)))
}

/// The report of an answer that cannot be asked at all: why.
pub fn not_judged(entry: &Entry, items: &[&Item], why: &str, words: &Words) -> Report {
    let Entry { student, question, .. } = entry;
    let error = anyhow::Error::msg(why.to_owned());
    let items = items.iter().map(|item| unasked(item, item.points, Some(&error), words));
    Report::new(question, &student.name, items.collect())
}

/// An item that was not asked: a submission that takes all the time there is loses it.
fn unasked(item: &Item, max: f64, why: Option<&anyhow::Error>, words: &Words) -> ItemReport {
    let error = why.map(|error| format!("{error:#}")).unwrap_or_default();
    let ruling = match why.and_then(|error| error.downcast_ref::<Failure>()) {
        Some(Failure::TimeLimit(limit)) => {
            let budget = number(limit.as_secs() as i64);
            words.fault(Verdict::Timeout, "fault-time-over", &[("budget", budget)])
        }
        _ => {
            let values = [("what", text("ask")), ("error", text(error))];
            words.fault(Verdict::NotJudged, "fault-grader", &values)
        }
    };
    let (id, ruling) = (item.id.to_owned(), ruling.harmless());
    ItemReport { id, points: 0.0, max, ruling, seconds: 0.0, runs: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ipctop::messages::Language;

    #[test]
    fn whoever_takes_all_the_time_loses_what_could_not_be_asked() {
        let verdict = |failure: Failure| {
            let words = Words::new(Language::English);
            let item = items::find("builds").unwrap();
            unasked(item, 1.0, Some(&failure.into()), &words).ruling.verdict
        };
        assert_eq!(verdict(Failure::TimeLimit(QUESTION_MAX)), Verdict::Timeout);
        assert_eq!(verdict(Failure::NoBox(String::new())), Verdict::NotJudged);
    }
}
