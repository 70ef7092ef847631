//! What is judged: a stage's server, its plain server, or one that somebody else wrote.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::stage::{Mechanism, Stage, program};

/// A server program, and the stage whose mechanism it serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    stage: Stage,
    author: Author,
    program: PathBuf,
    words: Vec<OsString>,
    must_stop_well: bool,
}

/// Who wrote a server, and so what it can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// It is the stage's.
    Stage,
    /// It is the stage's plain one, without the armour.
    Plain,
    /// Somebody else: no more than the protocol is known of it.
    Stranger,
}

impl Target {
    /// A stage's plain server.
    pub fn plain(stage: Stage) -> Target {
        let program = program(&format!("{}-plain", stage.package()));
        Target { stage, author: Author::Plain, program, words: Vec::new(), must_stop_well: true }
    }

    /// A server that somebody else wrote and wants judged; it takes `--dir` and prints `ready`.
    pub fn foreign(stage: Stage, program: PathBuf) -> Target {
        Target { stage, author: Author::Stranger, program, words: Vec::new(), must_stop_well: true }
    }

    /// The same, where words stand before `--dir`: `python3 server.py --dir DIR`.
    pub fn called_with(self, words: Vec<OsString>) -> Target {
        Target { words, ..self }
    }

    /// The same, ended by whoever judges it: a stop that takes long, or leaves something behind, is
    /// judged by other checks.
    pub fn ended_by_force(self) -> Target {
        Target { must_stop_well: false, ..self }
    }

    /// Whether every stop is judged, also that at the end of a check of something else.
    pub fn must_stop_well(&self) -> bool {
        self.must_stop_well
    }

    /// The stage whose mechanism it serves.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// Who wrote it.
    pub fn author(&self) -> Author {
        self.author
    }

    /// What the program `check` calls it: `q2-msgqueue`, `q2-msgqueue-plain`.
    pub fn name(&self) -> String {
        let package = self.stage.package();
        match self.author {
            Author::Plain => format!("{package}-plain"),
            Author::Stage | Author::Stranger => package.to_owned(),
        }
    }

    /// The system call by which its replies leave.
    pub fn reply_call(&self) -> &'static str {
        match (self.author, self.stage.mechanism()) {
            // That of std's vectored write.
            (Author::Plain, Mechanism::Tls) => "writev(",
            _ => self.stage.reply_call(),
        }
    }

    /// Whether a line of `strace` is a reply of 32 bytes that leaves: its magic shows it, or the length
    /// of its TLS record (49, which is the letter 1).
    pub fn is_reply(&self, line: &str) -> bool {
        let begin = match self.stage.mechanism() {
            Mechanism::Tls => "\"\\27\\3\\3\\0001",
            _ => "SPC1",
        };
        line.contains(self.reply_call()) && line.contains(begin)
    }

    /// The server program.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// What stands between the program and `--dir`.
    pub fn words(&self) -> &[OsString] {
        &self.words
    }
}

impl From<Stage> for Target {
    /// This stage's server, or the one that `SPECTACLES_SERVER` names.
    ///
    /// A relative path begins at the workspace's root, where its user has typed it; cargo starts
    /// tests in the folder of their package.
    fn from(stage: Stage) -> Target {
        if let Some(path) = env::var_os("SPECTACLES_SERVER") {
            let package = Path::new(env!("CARGO_MANIFEST_DIR"));
            return Target::foreign(stage, package.parent().unwrap_or(package).join(path));
        }
        let program = program(&format!("{}-server", stage.package()));
        Target { stage, author: Author::Stage, program, words: Vec::new(), must_stop_well: true }
    }
}

impl From<&Target> for Target {
    fn from(target: &Target) -> Target {
        target.clone()
    }
}
