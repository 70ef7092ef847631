//! What every item needs: the question, the programs' files, how to start them, and words.

use std::cell::OnceCell;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::assignment::question::Question;
use crate::judge::surroundings::Surroundings;
use crate::launch::launcher::Launcher;
use crate::launch::tools;
use crate::patience::Patience;
use crate::sandbox::tree::Tree;
use crate::verdict::item::{Ruling, Verdict};
use crate::words::{Words, text};

/// What an item found, or what it lost by before it was through.
pub type Asked<T> = Result<T, Box<Ruling>>;

/// What every item needs.
#[derive(Debug)]
pub struct Course<'a> {
    /// Where programs run.
    pub surroundings: &'a Surroundings,
    /// Starts programs.
    pub launcher: &'a Launcher,
    /// Starts clients on another machine, as far as they can see.
    pub elsewhere: Option<&'a Launcher>,
    /// What is asked.
    pub question: &'a Question,
    /// The sentences of its verdicts.
    pub words: &'a Words,
    /// How long it waits.
    pub patience: Patience,
    /// The files of the submission, where programs run.
    pub home: PathBuf,
    /// The same as they were after the build: each item begins with them.
    pub built: OnceCell<Tree>,
}

/// More than this is no student's program.
const TREE_MAX: u64 = 128 << 20;

impl Course<'_> {
    /// A fault, to return with `?`.
    pub fn fail<T>(
        &self,
        name: &str,
        values: &[(&str, ipctop::model::finding::Value)],
    ) -> Asked<T> {
        Err(Box::new(self.words.fault(Verdict::Fail, name, values)))
    }

    /// The grader could not do something that has nothing to do with the submission.
    pub fn cannot<T>(&self, what: &str, error: &dyn std::fmt::Display) -> Asked<T> {
        let values = [("what", text(what)), ("error", text(error.to_string()))];
        Err(Box::new(self.words.fault(Verdict::NotJudged, "fault-grader", &values)))
    }

    /// A command cannot be started: the submission's fault, unless it begins with a tool of this
    /// machine that is not there.
    pub fn not_started<T>(&self, command: &[String], error: &std::io::Error) -> Asked<T> {
        let begin = command.first().map(|name| format!("{name}: ")).unwrap_or_default();
        if let Some(tool) = tools::missing(&begin) {
            return self.cannot(&format!("run {tool}"), &"it is not installed here");
        }
        let command = text(command.join(" "));
        let values = [("command", command), ("error", text(error.to_string()))];
        self.fail("fault-not-started", &values)
    }

    /// Remembers the files as they are now, for [`Course::refresh`].
    ///
    /// # Errors
    /// If they cannot be read, or are too many.
    pub fn remember(&self) -> Asked<()> {
        match Tree::read(&self.home, TREE_MAX) {
            // A second build of the same files changes nothing.
            Ok(tree) => {
                let _ = self.built.set(tree);
                Ok(())
            }
            Err(error) => self.cannot("read the built files", &error),
        }
    }

    /// Makes the files what they were after the build, with nothing of what an item has left.
    ///
    /// # Errors
    /// If they cannot be removed or written.
    pub fn refresh(&self) -> Asked<()> {
        let Some(built) = self.built.get() else { return Ok(()) };
        match empty(&self.home).and_then(|()| Tree::unpack(built.bytes(), &self.home)) {
            Ok(()) => Ok(()),
            Err(error) => self.cannot("copy the built files", &error),
        }
    }
}

/// Removes what a folder holds; the submission may have taken its own right to do so away.
fn empty(folder: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            // Those of its own folders that it cannot open keep what they hold.
            let _ = fs::set_permissions(entry.path(), fs::Permissions::from_mode(0o700));
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
