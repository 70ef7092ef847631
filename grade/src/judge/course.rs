//! What every item needs: the question, the programs' files, how to start them, and words.

use std::cell::OnceCell;
use std::path::PathBuf;

use crate::assignment::question::Question;
use crate::judge::emptied::empty;
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
    /// The folders that the submission may write, as they were after the build: each item begins with
    /// them.
    pub built: OnceCell<Vec<(PathBuf, Tree)>>,
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

    /// Remembers the files as they are now, for [`Course::refresh`]; the build is over.
    ///
    /// # Errors
    /// If what was built cannot be read, or is too much.
    pub fn remember(&self) -> Asked<()> {
        // What goes on in the background could put links in the places of folders.
        if let Err(error) = self.surroundings.end_processes() {
            return self.cannot("end the build", &error);
        }
        let folders = self.surroundings.folders().into_iter();
        let read = |folder: PathBuf| Ok((folder.clone(), Tree::read(&folder, TREE_MAX)?));
        match folders.map(read).collect::<std::io::Result<Vec<_>>>() {
            // A second build of the same files changes nothing.
            Ok(trees) => {
                let _ = self.built.set(trees);
                Ok(())
            }
            Err(error) => self.fail("fault-build-kept", &[("error", text(error.to_string()))]),
        }
    }

    /// Makes the files what they were after the build, with nothing of what an item has left.
    ///
    /// # Errors
    /// If they cannot be removed or written.
    pub fn refresh(&self) -> Asked<()> {
        for (folder, built) in self.built.get().into_iter().flatten() {
            let refreshed = empty(folder).and_then(|()| Tree::unpack(built.bytes(), folder));
            if let Err(error) = refreshed {
                return self.cannot("copy the built files", &error);
            }
        }
        Ok(())
    }
}
