//! Servers that somebody else wrote, as they really come: one finding in words for each that cannot
//! be judged, and no harm by what they leave, print or ignore.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use harness::stage::program;
use tempfile::TempDir;

mod machines;
mod starts;
mod stops;

/// The check that is asked here: cheap, and about nothing that these servers do wrong.
const CHECK: &str = "answers::a_view_tells_the_seats_of_one_show";

/// A program of the shell that is judged, there as long as this is held.
struct Script(TempDir);

impl Script {
    /// Writes one. In it `$RIGHT` is question 2's server and `$WRONG` one that only never writes.
    fn new(body: &str) -> Script {
        let script = Script(tempfile::tempdir().unwrap());
        let [right, wrong] = ["q2-msgqueue-server", "wrong-server"].map(program);
        let (right, wrong) = (right.display(), wrong.display());
        let text = format!("#!/bin/sh\nRIGHT='{right}'\nWRONG='{wrong}'\n{body}\n");
        fs::write(script.path(), text).unwrap();
        fs::set_permissions(script.path(), Permissions::from_mode(0o755)).unwrap();
        script
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("server")
    }
}

/// Asks a server of question 2 the check, with so much patience.
fn check(server: &Path, patience: &str) -> Command {
    let mut command = Command::new(program("check"));
    command.args([CHECK, "q2-msgqueue", "--server"]).arg(server);
    command.env("SPECTACLES_PATIENCE", patience).env("RUST_BACKTRACE", "0");
    command
}

/// The exit status of a program, and all that it prints.
fn said(command: &mut Command) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.code(), String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned())
}

/// Fails unless a server is told by one finding with all of these words.
#[track_caller]
fn assert_told(mut command: Command, words: &[&str]) {
    let (status, text) = said(&mut command);
    assert_eq!((status, text.matches("expected: ").count()), (Some(1), 1), "{text}");
    let missing: Vec<_> = words.iter().filter(|word| !text.contains(**word)).collect();
    assert!(missing.is_empty(), "{missing:?} are not in:\n{text}");
}

/// Fails unless a server passes.
#[track_caller]
fn assert_passes(mut command: Command) {
    let (status, text) = said(&mut command);
    assert!(status == Some(0) && text.contains("\nkept"), "{status:?}: {text}");
}
