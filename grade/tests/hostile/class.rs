//! A class of two, who are judged at the same time: a hostile one and an innocent one.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use grade::verdict::report::Report;
use nix::unistd::{Gid, Uid, chown, geteuid};
use tempfile::TempDir;

use crate::attacks::Attack;

/// An ordinary user.
const USER: u32 = 1000;

/// Who runs the grader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// Who runs the tests.
    Me,
    /// An ordinary user; the same, if no ordinary one runs the tests.
    User,
}

/// The folder of a course.
#[derive(Debug)]
pub(crate) struct Class {
    dir: TempDir,
}

/// What the grader wrote.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) mallory: Report,
    pub(crate) innocent: Report,
    pub(crate) output: Output,
    pub(crate) time: Duration,
}

impl Class {
    /// With what both hand in; `points` are lines of `[q2.points]`.
    pub(crate) fn new(attack: &Attack, points: &str) -> Class {
        let class = Class { dir: tempfile::tempdir().unwrap() };
        fs::set_permissions(class.path(""), fs::Permissions::from_mode(0o755)).unwrap();
        let assignment = fs::read_to_string(corpus("assignment.toml")).unwrap();
        let q2 = assignment.split("[q2]").nth(1).unwrap().split("[q3]").next().unwrap();
        let students = "students_may = ['build', 'server', 'client', 'dialogue']\n";
        let assignment = format!("{students}[q2]{q2}\n[q2.points]\n{points}");
        fs::create_dir(class.path("course")).unwrap();
        fs::write(class.path("course/assignment.toml"), assignment).unwrap();
        class.hand_in("innocent");
        let folder = class.hand_in("mallory");
        let patch = corpus("q2/bad-zero-seats/fault.patch");
        let patch = patch.to_str().unwrap();
        run(Command::new("patch").args(["-p1", "-s", "-i", patch]).current_dir(&folder));
        let part = corpus(&format!("hostile/{}.h", attack.name));
        if part.exists() {
            fs::copy(corpus("hostile/attack.h"), folder.join("attack.h")).unwrap();
            fs::copy(part, folder.join("part.h")).unwrap();
            let header = fs::read_to_string(folder.join("msg.h")).unwrap();
            fs::write(folder.join("msg.h"), header + "#include \"attack.h\"\n").unwrap();
        }
        (attack.prepare)(&folder);
        class
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn hand_in(&self, student: &str) -> PathBuf {
        let folder = self.path("course").join(student).join("q2");
        fs::create_dir_all(folder.parent().unwrap()).unwrap();
        run(Command::new("cp").arg("-r").arg(corpus("q2/good-c-fixed-key")).arg(&folder));
        folder
    }

    /// Has both judged at the same time.
    pub(crate) fn judge(&self, by: By) -> Judged {
        let grade = self.path("grade");
        let install = ["-m", "755", env!("CARGO_BIN_EXE_grade")];
        run(Command::new("install").args(install).arg(&grade));
        let mut command = Command::new(&grade);
        if by == By::User && geteuid().is_root() {
            let (user, group) = (Uid::from_raw(USER), Gid::from_raw(USER));
            chown(self.dir.path(), Some(user), Some(group)).unwrap();
            command = Command::new("setpriv");
            let ids = ["--reuid", "1000", "--regid", "1000", "--clear-groups"];
            // The toolchains of root are not for it.
            command.args(ids).arg(&grade).env("HOME", "/nonexistent").env("PATH", "/usr/bin:/bin");
        }
        command.arg("class").arg(self.path("course")).arg("--out").arg(self.path("out"));
        command.args(["--jobs", "2", "--lang", "en"]);
        harness::sys::tie_to_this_thread(&mut command);
        let begin = Instant::now();
        let output = command.output().unwrap();
        let time = begin.elapsed();
        let report = |student: &str| {
            let path = self.path(&format!("out/reports/{student}.q2.json"));
            let text =
                fs::read_to_string(path).unwrap_or_else(|error| panic!("{error}: {output:?}"));
            serde_json::from_str(&text).unwrap()
        };
        Judged { mallory: report("mallory"), innocent: report("innocent"), output, time }
    }
}

fn corpus(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name)
}

fn run(command: &mut Command) {
    assert!(command.status().unwrap().success(), "{command:?}");
}
