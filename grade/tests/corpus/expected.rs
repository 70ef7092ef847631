//! A submission of the corpus, and what it must get.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use tempfile::TempDir;

/// The folder of the corpus.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// What stands in expected.toml.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// The submission that this one is made from, and the change, if any.
    base: Option<PathBuf>,
    patch: Option<PathBuf>,
    /// The verdict on each item: `pass`, `fail` for any that loses its points, `skipped`.
    items: BTreeMap<String, String>,
}

/// A submission.
#[derive(Debug)]
pub(crate) struct Submission {
    /// `q2/bad-zero-seats`.
    pub(crate) name: String,
    /// `q2`.
    pub(crate) question: String,
    /// What each item must get.
    pub(crate) items: BTreeMap<String, String>,
    source: PathBuf,
    patch: Option<PathBuf>,
}

impl Submission {
    /// Whether it must get full marks.
    pub(crate) fn is_good(&self) -> bool {
        self.items.values().all(|verdict| verdict == "pass")
    }

    /// Its files, as a student hands them in.
    pub(crate) fn hand_in(&self) -> TempDir {
        let dir = tempfile::tempdir().unwrap();
        let copied =
            Command::new("cp").arg("-r").arg(self.source.join(".")).arg(dir.path()).status();
        assert!(copied.unwrap().success(), "{}", self.name);
        if let Some(patch) = &self.patch {
            let mut command = Command::new("patch");
            command.args(["-p1", "-s", "--fuzz=0", "-i"]).arg(patch).current_dir(dir.path());
            assert!(command.status().unwrap().success(), "{}: {}", self.name, patch.display());
        }
        dir
    }
}

/// All of them, by name.
pub(crate) fn all() -> Vec<Submission> {
    let mut all = Vec::new();
    for question in folders(&folder()) {
        let name = question.file_name().unwrap().to_str().unwrap().to_owned();
        all.extend(folders(&question).iter().map(|folder| read(&name, folder)));
    }
    all.sort_by(|a: &Submission, b| a.name.cmp(&b.name));
    all
}

fn read(question: &str, folder: &Path) -> Submission {
    let text = fs::read_to_string(folder.join("expected.toml")).unwrap();
    let written: Written =
        toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    assert!(written.base.is_some() || written.patch.is_none(), "{}", folder.display());
    for id in written.items.keys() {
        assert!(grade::items::find(id).is_some(), "{}: item {id}", folder.display());
    }
    Submission {
        name: format!("{question}/{}", folder.file_name().unwrap().to_str().unwrap()),
        question: question.to_owned(),
        items: written.items,
        source: written.base.map_or(folder.to_owned(), |base| folder.join(base)),
        patch: written.patch.map(|patch| folder.join(patch)),
    }
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_dir()).collect()
}
