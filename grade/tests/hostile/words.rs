//! Files of a submission that the grader itself reads.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use tempfile::TempDir;

const ASSIGNMENT: &str = "[q2]\nserver = ['./server']\nclient = ['./client']\n[q2.dialogue]\n\
    row = '(?<show>\\d+) (?<seats>\\d+)'\nreserve = '2'\ndone = 'OK'\nrefused = 'NOK'\n";

/// A course with one student, who has a program that does not compile.
fn course() -> (TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("assignment.toml"), ASSIGNMENT).unwrap();
    let folder = dir.path().join("mallory/q2");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("server.c"), "int main(void) { return missing; }\n").unwrap();
    (dir, folder)
}

fn grade(folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_grade"));
    command.arg("q2").arg(folder).args(words).args(["--lang", "en"]);
    harness::sys::tie_to_this_thread(&mut command);
    let begin = Instant::now();
    let output = command.output().unwrap();
    assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());
    output
}

#[test]
fn its_own_file_must_be_a_file_and_small() {
    let (dir, folder) = course();
    let own = folder.join("grade.toml");
    let refused = |what: &str| {
        let output = grade(&dir.path().join("mallory"), &["--format", "json"]);
        assert_eq!(output.status.code(), Some(2), "{what}: {output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("grade.toml"), "{output:?}");
        fs::remove_file(&own).unwrap();
    };
    mkfifo(&own, Mode::S_IRWXU).unwrap();
    refused("a FIFO");
    symlink("/dev/zero", &own).unwrap();
    refused("a device");
    // Too long an order makes no box: then it would run outside of one.
    fs::write(&own, format!("server = ['{}']\n", "x".repeat(17 << 20))).unwrap();
    refused("17 MB");
}

#[test]
fn its_own_file_says_nothing_to_a_terminal() {
    let (dir, folder) = course();
    fs::write(folder.join("grade.toml"), "\"\\u001b]0;mallory\\u0007\\n pass\" = 1\n").unwrap();
    let output = grade(&dir.path().join("mallory"), &[]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("]0;mallory"), "{said}");
    assert!(!said.contains('\u{1b}') && !said.contains('\u{7}'), "{said:?}");
    fs::write(folder.join("grade.toml"), "server = \u{1b}]0;mallory\u{7}\n").unwrap();
    let output = grade(&dir.path().join("mallory"), &[]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains('\u{1b}') && !said.contains('\u{7}'), "{said:?}");
}

#[test]
fn an_assignment_of_its_own_is_not_used() {
    let (dir, folder) = course();
    let points = "[q2.points]\nbuilds = 0\nstarts = 0\n";
    fs::write(folder.parent().unwrap().join("assignment.toml"), format!("{ASSIGNMENT}{points}"))
        .unwrap();
    let output = grade(&dir.path().join("mallory"), &[]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(said.contains("--assignment"), "{said}");
    let named = dir.path().join("assignment.toml");
    let output = grade(&dir.path().join("mallory"), &["--assignment", named.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}

#[test]
fn a_tool_that_is_missing_for_its_server_is_no_mark() {
    let (dir, folder) = course();
    fs::write(folder.join("server.c"), "int main(void) { return 0; }\n").unwrap();
    fs::write(folder.join("grade.toml"), "server = ['rustc']\n").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_grade"));
    command.arg("q2").arg(dir.path().join("mallory")).args(["--format", "json"]);
    command.env("PATH", "/usr/bin:/bin");
    harness::sys::tie_to_this_thread(&mut command);
    let output = command.output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    // Where there is one, its server is a compiler that ends.
    assert!(report["points"].as_f64().unwrap() <= 1.0, "{report:#}");
}
