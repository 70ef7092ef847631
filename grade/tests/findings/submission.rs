//! A right submission of the corpus, or one that was changed, and the verdicts that it gets.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

/// A submission.
pub(crate) struct Submission {
    question: String,
    folder: TempDir,
    assignment: PathBuf,
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
        Submission { question, folder, assignment: corpus.join("assignment.toml") }
    }

    /// The same, with a text of a file in the place of another one, which must be there.
    pub(crate) fn but(self, file: &str, old: &str, new: &str) -> Submission {
        let path = self.folder.path().join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(old), "{file} has no {old:?}");
        fs::write(path, text.replace(old, new)).unwrap();
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
