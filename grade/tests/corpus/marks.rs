//! Marks submissions by the program itself, as a teacher does.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Instant;

use harness::effort::Effort;
use harness::say::say;
use serde_json::Value;

use crate::expected::{self, Submission};

/// What each item got; and the whole report.
fn mark(submission: &Submission) -> (BTreeMap<String, String>, Value) {
    let dir = submission.hand_in();
    let mut command = Command::new(env!("CARGO_BIN_EXE_grade"));
    command.arg(&submission.question).arg(dir.path()).args(["--format", "json", "--lang", "en"]);
    command.arg("--assignment").arg(expected::folder().join("assignment.toml"));
    // Cargo is not called inside of a test.
    command.env_remove("CARGO");
    harness::sys::tie_to_this_thread(&mut command);
    let output = command.output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{}: {error}: {}", submission.name, String::from_utf8_lossy(&output.stderr))
    });
    let items = report["items"].as_array().unwrap();
    let verdicts = items.iter().map(|item| {
        (item["id"].as_str().unwrap().to_owned(), item["verdict"].as_str().unwrap().to_owned())
    });
    (verdicts.collect(), report)
}

/// A verdict as expected.toml writes it.
fn kind(verdict: &str) -> &str {
    match verdict {
        "fail" | "timeout" | "crash" => "fail",
        other => other,
    }
}

/// What differs from what is written; nothing if it is judged right.
fn judge(submission: &Submission) -> Vec<String> {
    let begin = Instant::now();
    let (verdicts, report) = mark(submission);
    let mut wrong = Vec::new();
    for (id, wanted) in &submission.items {
        let verdict = verdicts.get(id).map_or("missing", |verdict| kind(verdict));
        if verdict != kind(wanted) {
            wrong.push(format!("{}: {id} is {verdict}, not {wanted}", submission.name));
        }
    }
    if !wrong.is_empty() {
        say(&format!("{report:#}"));
    }
    let mark = &report["points"];
    let seconds = begin.elapsed().as_secs_f64();
    say(&format!("{:<42} {mark:>5} {seconds:>6.1} s {}", submission.name, wrong.join("; ")));
    wrong
}

#[test]
fn each_submission_gets_what_is_written_beside_it() {
    let all = expected::all();
    assert!(all.iter().any(Submission::is_good) && !all.iter().all(Submission::is_good));
    // One of them at least, one good and one bad of each question, all of them at night.
    let per_question = Effort::asked().of(0, 1, usize::MAX);
    let mut taken: BTreeMap<(&str, bool), usize> = BTreeMap::new();
    let mut chosen: Vec<&Submission> = Vec::new();
    let only = std::env::var("GRADE_CORPUS").ok();
    for submission in &all {
        let n = taken.entry((&submission.question, submission.is_good())).or_default();
        let is_wanted = match &only {
            Some(part) => submission.name.contains(part.as_str()),
            None => *n < per_question || submission.name == "q2/bad-zero-seats",
        };
        if is_wanted {
            *n += 1;
            chosen.push(submission);
        }
    }
    let wrong: Vec<String> = chosen.into_iter().flat_map(judge).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
