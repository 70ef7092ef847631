//! What every item needs: the question, the programs' files, how to start them, and words.

use std::fs;
use std::path::{Path, PathBuf};

use crate::assignment::question::Question;
use crate::launch::launcher::Launcher;
use crate::patience::Patience;
use crate::verdict::item::{Ruling, Verdict};
use crate::words::{Words, text};

/// What an item found, or what it lost by before it was through.
pub type Asked<T> = Result<T, Box<Ruling>>;

/// What every item needs.
#[derive(Debug)]
pub struct Course<'a> {
    /// Starts programs.
    pub launcher: &'a Launcher,
    /// What is asked.
    pub question: &'a Question,
    /// The sentences of its verdicts.
    pub words: &'a Words,
    /// How long it waits.
    pub patience: Patience,
    /// The files of the submission, built by the first item.
    pub built: PathBuf,
    /// Where each item gets a copy of them.
    pub scratch: PathBuf,
    /// What is drawn at random comes from this.
    pub seed: u64,
}

impl Course<'_> {
    /// A fault, to return with `?`.
    pub fn fail<T>(&self, name: &str, values: &[(&str, ipctop::model::finding::Value)]) -> Asked<T> {
        Err(Box::new(self.words.fault(Verdict::Fail, name, values)))
    }

    /// The grader could not do something that has nothing to do with the submission.
    pub fn cannot<T>(&self, what: &str, error: &dyn std::fmt::Display) -> Asked<T> {
        let values = [("what", text(what)), ("error", text(error.to_string()))];
        Err(Box::new(self.words.fault(Verdict::NotJudged, "fault-grader", &values)))
    }

    /// A fresh copy of the built files, with nothing of what an item before has left.
    pub fn fresh_copy(&self) -> Asked<PathBuf> {
        let folder = self.scratch.join("run");
        let emptied = match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
        match emptied.and_then(|()| copy(&self.built, &folder)) {
            Ok(()) => Ok(folder),
            Err(error) => self.cannot("copy the submission", &error),
        }
    }
}

/// Copies a folder: links as links, FIFOs and the like not at all.
pub fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    fs::set_permissions(to, fs::metadata(from)?.permissions())?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            copy(&entry.path(), &target)?;
        } else if kind.is_file() {
            fs::copy(entry.path(), target)?;
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(entry.path())?, target)?;
        }
    }
    Ok(())
}
