//! Submissions of the corpus, with or without their dialogues.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A course with one student, and a folder for temporary files.
pub(crate) struct Course {
    dir: TempDir,
    question: &'static str,
}

impl Course {
    /// With this submission of the corpus.
    pub(crate) fn with(question: &'static str, name: &str) -> Course {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
        let course = Course { dir: tempfile::tempdir().unwrap(), question };
        fs::copy(corpus.join("assignment.toml"), course.path("assignment.toml")).unwrap();
        let mut copy = Command::new("cp");
        copy.arg("-r").arg(corpus.join(question).join(name)).arg(course.path("alice"));
        assert!(copy.status().unwrap().success());
        fs::create_dir(course.path("tmp")).unwrap();
        course
    }

    /// With a server that waits at a FIFO, and a client that is this line of shell.
    pub(crate) fn of_shell_scripts(client: &str) -> Course {
        let course = Course { dir: tempfile::tempdir().unwrap(), question: "q1" };
        let assignment = format!(
            r#"
            [q1]
            server = ["sh", "-c", "mkfifo requests; cat requests"]
            client = ["sh", "-c", "{client}"]
            dialogue.row = '(?<show>none) (?<seats>none)'
            dialogue.reserve = "none"
            dialogue.done = "none"
            dialogue.refused = "none"
            "#
        );
        fs::write(course.path("assignment.toml"), assignment).unwrap();
        for folder in ["alice", "tmp"] {
            fs::create_dir(course.path(folder)).unwrap();
        }
        fs::write(course.path("alice/readme"), "").unwrap();
        course
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn own_file(&self) -> String {
        fs::read_to_string(self.path("alice/grade.toml")).unwrap()
    }

    /// Changes the submission's own file.
    pub(crate) fn replace(&self, from: &str, to: &str) {
        let text = self.own_file();
        assert!(text.contains(from), "{text}");
        fs::write(self.path("alice/grade.toml"), text.replace(from, to)).unwrap();
    }

    /// The submission does not say how its client is used.
    pub(crate) fn forget_dialogue(&self) {
        let text = self.own_file();
        let (before, _) = text.split_once("[dialogue]").unwrap();
        fs::write(self.path("alice/grade.toml"), before).unwrap();
    }

    /// The command that tries it, in English.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_grade"));
        command.args(["try", self.question]).arg(self.path("alice"));
        command.env("LANG", "C").env_remove("LC_ALL").env_remove("LC_MESSAGES");
        command.env("NO_COLOR", "1").env("TMPDIR", self.path("tmp"));
        harness::sys::tie_to_this_thread(&mut command);
        command
    }

    /// Whether nothing temporary is left.
    pub(crate) fn is_tidy(&self) -> bool {
        fs::read_dir(self.path("tmp")).unwrap().next().is_none()
    }
}
