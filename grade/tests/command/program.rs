//! The program, as a teacher runs it, and small submissions for it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A course of one question with one student, whose program does not compile: judged at once.
pub(crate) struct Course {
    dir: TempDir,
}

impl Course {
    /// With an assignment file of one question.
    pub(crate) fn new() -> Course {
        let course = Course { dir: tempfile::tempdir().unwrap() };
        fs::write(course.path("assignment.toml"), ASSIGNMENT).unwrap();
        course.hand_in("alice", "int main(void) { return missing; }\n");
        course
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A folder with one C program.
    pub(crate) fn hand_in(&self, student: impl AsRef<Path>, source: &str) {
        let folder = self.path(student).join("q2");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("server.c"), source).unwrap();
    }
}

const ASSIGNMENT: &str = r#"
[q2]
server = ["./server"]
client = ["./client"]
mechanism = "queue"

[q2.dialogue]
list = "1\n"
row = '(?<show>\d+) (?<seats>\d+) seats'
reserve = "2\n{show}\n{seats}\n"
done = 'OK'
refused = 'NOK'
"#;

/// What it printed, and how it ended.
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs it, in English.
pub(crate) fn grade<I: AsRef<OsStr>>(words: impl IntoIterator<Item = I>) -> Ran {
    run(Command::new(env!("CARGO_BIN_EXE_grade")).args(words))
}

/// Runs a command that is it.
pub(crate) fn run(command: &mut Command) -> Ran {
    command.env("LANG", "C").env_remove("LC_ALL").env_remove("LC_MESSAGES").env_remove("NO_COLOR");
    harness::sys::tie_to_this_thread(command);
    let Output { status, stdout, stderr } = command.output().unwrap();
    Ran {
        status: status.code().unwrap(),
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}
