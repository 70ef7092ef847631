//! A right submission of the corpus, or one that was changed, and the verdicts that it gets.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::effort::Effort;
use serde_json::Value;
use tempfile::TempDir;

/// Whether this one is tried: the first of its kind in continuous integration, others at night only.
pub(crate) fn is_tried(is_first: bool) -> bool {
    Effort::asked().of(false, is_first, true)
}

/// A submission.
pub(crate) struct Submission {
    question: String,
    folder: TempDir,
    assignment: PathBuf,
    /// The grader's PATH, if not the usual one; programs of the submission find their own.
    path: Option<TempDir>,
}

/// The reports of its items, by their names.
pub(crate) type Reports = BTreeMap<String, Value>;

impl Submission {
    /// One of the corpus: `q4/good-c-detached-threads`.
    pub(crate) fn of(name: &str) -> Submission {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
        let folder = tempfile::tempdir().unwrap();
        let from = corpus.join(name).join(".");
        assert!(
            Command::new("cp").arg("-r").arg(from).arg(folder.path()).status().unwrap().success()
        );
        let question = name.split('/').next().unwrap().to_owned();
        Submission { question, folder, assignment: corpus.join("assignment.toml"), path: None }
    }

    /// The same, judged by a grader that finds nothing but ipcrm(1).
    pub(crate) fn without_strace(mut self) -> Submission {
        // It is below /tmp, which is emptied between items.
        let tools = tempfile::tempdir().unwrap();
        fs::set_permissions(tools.path(), fs::Permissions::from_mode(0o755)).unwrap();
        symlink("/usr/bin/ipcrm", tools.path().join("ipcrm")).unwrap();
        self.path = Some(tools);
        self
    }

    /// The same, with a text of a file in the place of another one, which must be there.
    pub(crate) fn but(self, file: &str, old: &str, new: &str) -> Submission {
        let path = self.folder.path().join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(old), "{file} has no {old:?}");
        fs::write(path, text.replace(old, new)).unwrap();
        self
    }

    /// The same, with a text of the teacher's assignment in the place of another one.
    pub(crate) fn asked_for(mut self, old: &str, new: &str) -> Submission {
        let text = fs::read_to_string(&self.assignment).unwrap();
        assert!(text.contains(old), "the assignment has no {old:?}");
        self.assignment = self.folder.path().join("assignment.toml");
        fs::write(&self.assignment, text.replace(old, new)).unwrap();
        self
    }

    /// The same, as an answer to another question.
    pub(crate) fn to(mut self, question: &str) -> Submission {
        self.question = question.to_owned();
        self
    }

    /// The same, with a patch of the corpus.
    pub(crate) fn patched(self, patch: &str) -> Submission {
        let patch = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(patch);
        let mut command = Command::new("patch");
        command.args(["-p1", "-s", "-i"]).arg(patch).current_dir(self.folder.path());
        assert!(command.status().unwrap().success());
        self
    }

    /// What these items say of it.
    pub(crate) fn asked(&self, items: &[&str]) -> Reports {
        let mut command = Command::new(env!("CARGO_BIN_EXE_grade"));
        command.arg(&self.question).arg(self.folder.path());
        command.args(["--format", "json", "--lang", "en"]);
        command.arg("--assignment").arg(&self.assignment);
        for item in items {
            command.args(["--item", item]);
        }
        if let Some(path) = &self.path {
            command.env("PATH", path.path());
        }
        harness::sys::tie_to_this_thread(&mut command);
        let output = command.output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        let reports = report["items"].as_array().unwrap().iter();
        reports.map(|item| (item["id"].as_str().unwrap().to_owned(), item.clone())).collect()
    }

    /// The verdict of one item, and its whole report.
    pub(crate) fn verdict(&self, item: &str) -> (String, Value) {
        let report = self.asked(&[item]).remove(item).unwrap();
        (report["verdict"].as_str().unwrap().to_owned(), report)
    }
}
