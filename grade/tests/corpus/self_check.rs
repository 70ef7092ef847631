//! The grader judges itself, as `grade --self-check` does.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use harness::effort::Effort;
use harness::say::say;

/// Whether all bars hold, and what was printed.
fn self_check(corpus: &Path, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_grade"));
    command.arg("--self-check").arg(corpus).args(arguments);
    // Cargo is not called inside of a test.
    command.env_remove("CARGO");
    // A night is long: its progress is seen at once.
    command.stderr(Stdio::inherit());
    harness::sys::tie_to_this_thread(&mut command);
    let output = command.output().unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn each_program_gets_what_is_written_beside_it() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let part = env::var("GRADE_CORPUS").ok();
    let arguments = match (&part, Effort::asked()) {
        (Some(part), _) => vec!["--only", part],
        (None, Effort::Quick) => vec!["--only", "q2/bad-zero-seats"],
        // Each day other ones.
        (None, Effort::Ci) => vec!["--sample", "180"],
        (None, Effort::Night) => vec![],
    };
    let (all_hold, printed) = self_check(&corpus, &arguments);
    say(&printed);
    assert!(all_hold, "{printed}");
}

#[test]
fn a_program_that_gets_something_else_is_named() {
    let corpus = tempfile::tempdir().unwrap();
    let assignment = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/assignment.toml");
    fs::copy(assignment, corpus.path().join("assignment.toml")).unwrap();
    let program = corpus.path().join("q2/good-one");
    fs::create_dir_all(&program).unwrap();
    fs::write(program.join("server.c"), "int main(void) { return missing; }\n").unwrap();
    let expect = |verdict| {
        let text = format!("[items]\nbuilds = \"{verdict}\"\nstarts = \"skipped\"\n");
        fs::write(program.join("expected.toml"), text).unwrap();
        self_check(corpus.path(), &[])
    };
    let (all_hold, printed) = expect("fail");
    assert!(all_hold, "{printed}");
    let (all_hold, printed) = expect("pass");
    assert!(!all_hold && printed.contains("q2/good-one: builds is fail, not pass"), "{printed}");
}
