//! Judges the programs of a corpus, and prints where the grader was wrong.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use ipctop::messages::Language;

use crate::assignment::file::{Assignment, NAME};
use crate::assignment::submission::Submission;
use crate::items;
use crate::options::{How, SelfCheck};
use crate::run::{door, marking, one};
use crate::self_check::corpus::{self, Program};
use crate::self_check::load::Load;
use crate::self_check::matrix::Matrix;
use crate::self_check::outcome::Outcome;
use crate::self_check::rotation::{self, PER_DAY};
use crate::verdict::report::Report;
use crate::words::Words;

/// A bar is missed.
const MISSED: u8 = 1;

/// Judges each program, compares with what is written, and prints the matrix.
///
/// # Errors
/// If the corpus cannot be read, or no program is asked for.
pub fn run(corpus: &Path, asked: &SelfCheck, how: &How) -> anyhow::Result<ExitCode> {
    let corpus =
        &corpus.canonicalize().with_context(|| format!("cannot open {}", corpus.display()))?;
    let assignment = Assignment::read(&corpus.join(NAME))?;
    let programs = chosen(corpus::read(corpus)?, asked);
    ensure!(!programs.is_empty(), "no program of {} is asked for", corpus.display());
    let checking = Checking { assignment, how };
    let _load = Load::of(asked.load);
    let begin = Instant::now();
    let time = asked.sample.map(Duration::from_secs);
    let mut matrix = Matrix::default();
    for (at, program) in programs.iter().enumerate() {
        if time.is_some_and(|time| begin.elapsed() >= time) {
            break;
        }
        let mut outcomes = Vec::new();
        for _ in 0..asked.repeat.unwrap_or(1) {
            let outcome = checking.judge(program);
            eprintln!("{:>4}/{} {}", at + 1, programs.len(), line(program, &outcome));
            outcomes.push(outcome);
        }
        matrix.add(program, &outcomes);
    }
    print!("{}", matrix.table());
    for miss in matrix.misses() {
        println!("{miss}");
    }
    let bars = matrix.bars();
    for bar in bars.iter().filter(|bar| !bar.holds) {
        println!("missed: {}", bar.text);
    }
    let all_hold = bars.iter().all(|bar| bar.holds);
    Ok(if all_hold { ExitCode::SUCCESS } else { ExitCode::from(MISSED) })
}

/// The programs that are asked for: all, right ones first, or a day's.
fn chosen(mut programs: Vec<Program>, asked: &SelfCheck) -> Vec<Program> {
    if !asked.only.is_empty() {
        programs.retain(|program| asked.only.iter().any(|part| program.name.contains(part)));
    }
    if asked.sample.is_none() && asked.repeat.is_none() {
        programs.sort_by_key(|program| program.kind);
        return programs;
    }
    rotation::rotate(&mut programs, rotation::today());
    if asked.repeat.is_some() {
        programs.truncate(PER_DAY);
    }
    programs
}

/// How all programs are judged.
struct Checking<'a> {
    assignment: Assignment,
    how: &'a How,
}

impl Checking<'_> {
    fn judge(&self, program: &Program) -> Outcome {
        let begin = Instant::now();
        let report = self.mark(program);
        let seconds = begin.elapsed().as_secs_f64();
        match report {
            Ok(report) => Outcome::of(&program.items, &report, seconds),
            Err(error) => Outcome::unknown(&program.items, &format!("{error:#}"), seconds),
        }
    }

    /// The report that a teacher gets.
    fn mark(&self, program: &Program) -> anyhow::Result<Report> {
        let dir = program.hand_in()?;
        let submission = Submission::find(&self.assignment, &program.question, dir.path())?;
        let items = items::counted(&submission.question);
        door::prepare(&items)?;
        let job = one::job(self.how, &submission, &items, Language::English)?;
        marking::mark(&submission, &program.question, &job, &Words::new(Language::English))
    }
}

fn line(program: &Program, outcome: &Outcome) -> String {
    let points = outcome.points.as_ref().map_or("-".to_owned(), f64::to_string);
    let misses = outcome.misses.iter().map(|miss| {
        format!("; {} is {}, not {}", miss.item, miss.verdict.name(), miss.expected.name())
    });
    let misses: String = misses.collect();
    format!("{:<44} {points:>5} {:>6.1} s{misses}", program.name, outcome.seconds)
}
