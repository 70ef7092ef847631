//! Runs steps in a box, and says what came out.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use grade::sandbox::failure::Failure;
use grade::sandbox::leftovers::Leftovers;
use grade::sandbox::run::{BoxSpec, run};
use grade::sandbox::steps::{After, Done, End, Line, Step, Steps};
use grade::sandbox::tree::Tree;
use nix::unistd::geteuid;
use tempfile::TempDir;

/// The program under test.
const GRADE: &str = env!("CARGO_BIN_EXE_grade");
/// An ordinary user.
const USER: u32 = 1000;

/// Who makes the box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// Who runs the tests.
    Me,
    /// An ordinary user; the same, if no ordinary one runs the tests.
    User,
}

/// A folder with the program under test, which every user can run; it goes with its last user.
fn programs() -> Arc<TempDir> {
    static PROGRAMS: Mutex<Weak<TempDir>> = Mutex::new(Weak::new());
    let mut programs = PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner);
    programs.upgrade().unwrap_or_else(|| {
        let made = Arc::new(copy_programs());
        *programs = Arc::downgrade(&made);
        made
    })
}

/// Other programs write the files: a file that this process has open for writing is open in children
/// that other tests start at the same moment, and cannot be run for so long.
fn copy_programs() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "chmod 755 . && install -m 755 {GRADE} grade && install -m 755 /dev/null as-user &&
        echo '#!/bin/sh' > as-user &&
        echo 'exec setpriv --reuid {USER} --regid {USER} --clear-groups {} \"$@\"' >> as-user",
        folder.path().join("grade").display()
    );
    let made = Command::new("sh").args(["-ec", &script]).current_dir(folder.path()).status();
    assert!(made.unwrap().success());
    folder
}

/// The judge; for [`By::User`] a script that gives up root first. It is there as long as the folder.
pub(crate) fn judge(by: By) -> (Arc<TempDir>, PathBuf) {
    let gives_up = by == By::User && geteuid().is_root();
    let programs = programs();
    let judge = programs.path().join(if gives_up { "as-user" } else { "grade" });
    (programs, judge)
}

/// What came out of a box.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) done: BTreeMap<usize, Done>,
    pub(crate) after: Option<After>,
    pub(crate) result: Result<Option<Tree>, Failure>,
}

impl Report {
    /// How a step ended, and what it said.
    pub(crate) fn step(&self, number: usize) -> (&End, &str) {
        let done = self.done.get(&number).unwrap_or_else(|| panic!("no step {number}: {self:?}"));
        (&done.end, &done.output)
    }

    pub(crate) fn after(&self) -> &After {
        self.after.as_ref().unwrap_or_else(|| panic!("it has no end: {self:?}"))
    }

    /// What is left.
    pub(crate) fn left(&self) -> &Leftovers {
        &self.after().leftovers
    }
}

/// Runs steps in a box that has these sizes.
pub(crate) fn run_in(by: By, change: impl FnOnce(&mut BoxSpec), steps: Steps) -> Report {
    let (_programs, judge) = judge(by);
    let mut spec = BoxSpec { judge, ..BoxSpec::new(Tree::default()) };
    change(&mut spec);
    let (mut done, mut after) = (BTreeMap::new(), None);
    let job = serde_json::to_string(&steps).unwrap();
    let result = run(&spec, &job, &mut |line| match serde_json::from_str(line).unwrap() {
        Line::Step(step) => drop(done.insert(step.step, step)),
        Line::After(left) => after = Some(left),
    });
    Report { done, after, result }
}

/// Runs steps in a usual box.
pub(crate) fn run_steps(by: By, run: Vec<Step>) -> Report {
    let report = run_in(by, |_| {}, Steps { run, keep: false });
    report.result.as_ref().unwrap();
    report
}

/// What a command line says in a usual box, if it ends well.
pub(crate) fn say(by: By, line: &str) -> String {
    let report = run_steps(by, vec![Step::shell(line)]);
    let (end, output) = report.step(0);
    assert_eq!(*end, End::Exit(0), "{line}: {output}");
    output.to_owned()
}

/// A step that runs on.
pub(crate) fn background(line: &str) -> Step {
    Step { background: true, ..Step::shell(line) }
}

/// A step with a time limit.
pub(crate) fn at_most(limit: Duration, line: &str) -> Step {
    Step { seconds: limit.as_secs_f64(), ..Step::shell(line) }
}

/// A folder with these files.
pub(crate) fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

/// A submission with these files.
pub(crate) fn submission(files: &[(&str, &str)]) -> Tree {
    Tree::read(folder(files).path(), 1 << 20).unwrap()
}
