//! Marks one question of one submission.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::{Context, bail};
use ipctop::messages::Language;

use crate::assignment::file::Assignment;
use crate::assignment::submission::Submission;
use crate::items::{self, Item};
use crate::job::Job;
use crate::options::{Door, Format, How, One};
use crate::output::{csv, gradescope, human, junit, vpl};
use crate::run::{door, marking};
use crate::verdict::report::Report;
use crate::words::{self, Words};

/// Marks were lost.
const LOST: u8 = 1;
/// The grader could not judge.
const NOT_JUDGED: u8 = 3;

/// Marks, and prints the verdict.
///
/// # Errors
/// If the question, the submission or an item is not there, or cannot be understood.
pub fn run(one: &One) -> anyhow::Result<ExitCode> {
    let Some(question) = &one.question else { bail!("which question? See grade --help") };
    let Some(folder) = &one.folder else { bail!("which submission? grade {question} FOLDER") };
    let assignment = match &one.how.assignment {
        Some(path) => Assignment::read(path)?,
        None => Assignment::read(&Assignment::of_submission(folder)?)?,
    };
    let submission = Submission::find(&assignment, question, folder)?;
    let language = one.how.lang.unwrap_or_else(Language::of_environment);
    let wanted = wanted(one, &submission)?;
    door::prepare(&wanted)?;
    let job = job(&one.how, &submission, &wanted, language)?;
    let words = Words::new(language);
    let report = marking::mark(&submission, question, &job, &words)?;
    print(&report, one.format, &words)?;
    Ok(match (report.is_incomplete(), report.is_full()) {
        (true, _) => ExitCode::from(NOT_JUDGED),
        (false, false) => ExitCode::from(LOST),
        (false, true) => ExitCode::SUCCESS,
    })
}

/// What the process inside is told.
///
/// # Errors
/// If the question cannot be written as JSON.
pub fn job(
    how: &How,
    submission: &Submission,
    wanted: &[&Item],
    language: Language,
) -> anyhow::Result<Job> {
    Ok(Job {
        question: serde_json::to_value(&submission.table).context("cannot write the job")?,
        items: wanted.iter().map(|item| item.id.to_owned()).collect(),
        language: words::name(language).to_owned(),
        patience: how.patience.unwrap_or(1.0),
    })
}

/// The items that are asked for, and those that they depend on.
fn wanted(one: &One, submission: &Submission) -> anyhow::Result<Vec<&'static Item>> {
    for id in &one.item {
        if items::find(id).is_none() {
            bail!("there is no item `{id}`, but {}", items::names().join(", "));
        }
    }
    let question = &submission.question;
    let is_chosen = |item: &Item| match (one.item.is_empty(), one.door) {
        (false, door) => {
            one.item.iter().any(|id| id == item.id) && door.is_none_or(|door| door == item.door)
        }
        (true, Some(door)) => door == item.door && items::is_counted(question, item),
        (true, None) => question.doors.contains(&item.door) && items::is_counted(question, item),
    };
    let wanted = items::with_needed(is_chosen);
    if wanted.iter().any(|item| item.door == Door::Wire) {
        question.stage()?;
    }
    let has_client = !question.client.is_empty() && !question.dialogue.reserve.is_empty();
    let needs_client = |item: &&Item| item.door != Door::Wire && item.id != "builds";
    if let (false, Some(item)) = (has_client, wanted.iter().find(|item| needs_client(item))) {
        bail!("`{}` cannot be asked without `client` and `dialogue`", item.id);
    }
    if wanted.is_empty() {
        bail!("no item is asked for: the assignment gives none of them points");
    }
    Ok(wanted)
}

/// Prints a report.
fn print(report: &Report, format: Format, words: &Words) -> anyhow::Result<()> {
    let is_coloured = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let text = match format {
        Format::Human => human::page(report, words, is_coloured),
        Format::Json => serde_json::to_string_pretty(report)? + "\n",
        Format::Junit => junit::xml(std::slice::from_ref(report), words)?,
        Format::Gradescope => {
            serde_json::to_string_pretty(&gradescope::results(report, words))? + "\n"
        }
        Format::Vpl => vpl::lines(report, words),
        Format::Csv => {
            let separator = if words.language() == Language::French { b';' } else { b',' };
            csv::table(std::slice::from_ref(report), separator)?
        }
    };
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        // Whoever read it has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write stdout"),
    }
}
