//! The grader, a submission of one server, and programs that stand beside the grader.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use harness::say::say;
use serde_json::Value;
use tempfile::TempDir;

/// A program of this workspace, beside the grader; None, and a word, if nobody has built it.
pub(crate) fn beside(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_BIN_EXE_grade")).with_file_name(name);
    if !path.exists() {
        say(&format!("skipped: needs {}, which `cargo build -p tests` makes", path.display()));
        return None;
    }
    Some(path)
}

/// A folder with an assignment for the wire door and a submission, which has one program.
pub(crate) fn submission(mechanism: &str, server: &[u8]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let assignment = format!(
        "[q]\nserver = [\"./server\"]\ndoors = [\"wire\"]\nwire = \"{mechanism}\"\nbuild = \"true\"\n"
    );
    fs::write(dir.path().join("assignment.toml"), assignment).unwrap();
    fs::create_dir(dir.path().join("alice")).unwrap();
    let path = dir.path().join("alice/server");
    fs::write(&path, server).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    dir
}

/// A run of a grader; cargo is not called inside of a test.
pub(crate) fn grade(program: &Path, folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.arg("q").arg(folder.join("alice")).args(["--lang", "en"]).args(words);
    command.env_remove("CARGO").env_remove("SPECTACLES_EFFORT");
    harness::sys::tie_to_this_thread(&mut command);
    command.output().unwrap()
}

/// The items of a report.
pub(crate) fn items(folder: &Path, words: &[&str]) -> Vec<Value> {
    let output = grade(
        Path::new(env!("CARGO_BIN_EXE_grade")),
        folder,
        &[&["--format", "json"], words].concat(),
    );
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    report["items"].as_array().unwrap().clone()
}
