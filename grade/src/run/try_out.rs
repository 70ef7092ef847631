//! Tries the dialogue of a submission: starts the process that does it, and tidies up after it.

use std::env;
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, ensure};
use common::program::signals::Signals;
use ipctop::messages::Language;
use nix::sys::signal::Signal;

use crate::assignment::file::Assignment;
use crate::assignment::submission::Submission;
use crate::judge::surroundings::Surroundings;
use crate::options::Try;
use crate::sandbox::tree::Tree;
use crate::sys;
use crate::trial::order::Order;
use crate::trial::own_terminal::OwnTerminal;
use crate::trial::{apart, session};
use crate::words;

/// The first argument of the process that tries; the second is the file of its order.
const INSIDE: &str = "try-inside";
/// A line of the dialogue is wrong.
const LOST: u8 = 1;
/// The grader could not try.
const NOT_TRIED: u8 = 3;
/// More than this is no student's program.
const SUBMISSION_MAX: u64 = 64 << 20;
/// How long is waited for a signal at a time.
const LONG: Duration = Duration::from_secs(3600);

/// Tries, and says what each line of the dialogue matches.
///
/// Whatever ends it, its programs end, and the terminal, the objects and the folder are as before.
///
/// # Errors
/// If the question or the submission is not there, or cannot be understood.
pub fn run(asked: &Try) -> anyhow::Result<ExitCode> {
    let assignment = match &asked.assignment {
        Some(path) => Assignment::read(path)?,
        None => Assignment::read(&Assignment::of_submission(&asked.folder)?)?,
    };
    let submission = Submission::find(&assignment, &asked.question, &asked.folder)?;
    let language = asked.lang.unwrap_or_else(Language::of_environment);
    let tree = Tree::read(&submission.folder, SUBMISSION_MAX)
        .with_context(|| format!("cannot read {}", submission.folder.display()))?;
    let question = serde_json::to_value(&submission.table).context("cannot write the question")?;
    let is_apart = apart::enter()?;
    let signals = Signals::block(None).context("cannot hear signals")?;
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let home = folder.path().join("submission");
    std::fs::create_dir(&home).context("cannot make a temporary folder")?;
    Tree::unpack(tree.bytes(), &home).context("cannot copy the submission")?;
    let surroundings = Surroundings::bare(home.clone()).context("cannot adopt orphans")?;
    let write_to = asked.write.then_some(submission.folder);
    let name = asked.question.clone();
    let language = words::name(language).to_owned();
    let order = Order { name, question, home, write_to, language, is_apart };
    let path = folder.path().join("order");
    order.write(&path)?;
    let terminal = OwnTerminal::open();
    let mut command = Command::new("/proc/self/exe");
    command.arg(INSIDE).arg(&path);
    sys::prepare(&mut command);
    let mut child = command.spawn().context("cannot start the trial")?;
    let code = wait(&mut child, &signals);
    drop(terminal);
    surroundings.end_everything().context("cannot end the submission's processes")?;
    code
}

/// Waits for the end of the trial; a signal to end ends it.
fn wait(child: &mut Child, signals: &Signals) -> anyhow::Result<ExitCode> {
    loop {
        if let Some(status) = child.try_wait().context("cannot wait for the trial")? {
            ensure!(status.code().is_some(), "the trial was ended: {status}");
            return Ok(ExitCode::from(status.code().map_or(NOT_TRIED, |code| code as u8)));
        }
        match signals.wait(LONG).context("cannot hear signals")? {
            None | Some(Signal::SIGCHLD) => {}
            Some(signal) => {
                child.kill().context("cannot end the trial")?;
                child.wait().context("cannot wait for the trial")?;
                return Ok(ExitCode::from(128 + signal as u8));
            }
        }
    }
}

/// Whether this process was started to try.
pub fn is_inside() -> bool {
    env::args_os().nth(1).is_some_and(|argument| argument == INSIDE)
}

/// Tries, as its order says.
pub fn inside() -> ExitCode {
    let path = env::args_os().nth(2).map(PathBuf::from).unwrap_or_default();
    match Order::read(&path).and_then(|order| session::run(&order)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(LOST),
        Err(error) => {
            eprintln!("grade: {error:#}");
            ExitCode::from(NOT_TRIED)
        }
    }
}
