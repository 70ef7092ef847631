//! Marks a submission: in a box where one can be made, else beside all other programs.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};

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
use crate::words::{Words, text};

/// All items of a question take less than this, on a slow machine too.
const QUESTION_MAX: Duration = Duration::from_secs(900);
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
    let spec = BoxSpec { time_limit: QUESTION_MAX, ..BoxSpec::new(tree.clone()) };
    let mut isolation = "namespaces";
    let ended = match run(&spec, &order, &mut on_line) {
        Err(Failure::NoBox(_)) => {
            isolation = "none";
            without_a_box(&tree, job, &mut on_line)
        }
        Err(failure) => Err(failure.into()),
        Ok(_) => Ok(()),
    };
    let failure = ended.err().map(|error| format!("{error:#}")).unwrap_or_default();
    for item in items::all().filter(|item| job.items.iter().any(|id| id == item.id)) {
        if items.iter().all(|report| report.id != item.id) {
            let max = submission.question.points.get(item.id).copied();
            items.push(unasked(item, max.unwrap_or(item.points), &failure, words));
        }
    }
    let mut report = Report::new(question, &submission.name, items);
    report.isolation = isolation.to_owned();
    if !submission.refused.is_empty() {
        let keys = [("keys", text(submission.refused.join(", ")))];
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

/// The report of an answer that cannot be asked at all: why.
pub fn not_judged(entry: &Entry, items: &[&Item], why: &str, words: &Words) -> Report {
    let Entry { student, question, .. } = entry;
    let items = items.iter().map(|item| unasked(item, item.points, why, words));
    Report::new(question, &student.name, items.collect())
}

fn unasked(item: &Item, max: f64, why: &str, words: &Words) -> ItemReport {
    let values = [("what", text("ask")), ("error", text(why))];
    let ruling = words.fault(Verdict::NotJudged, "fault-grader", &values);
    ItemReport { id: item.id.to_owned(), points: 0.0, max, ruling, seconds: 0.0, runs: Vec::new() }
}
