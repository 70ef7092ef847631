//! What a look is about.

use std::path::PathBuf;

use crate::messages::Language;

/// What a look is about, and how it says it.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Which processes.
    pub target: Target,
    /// Do as if this process had no right to trace others: no system call arguments, no memory, no
    /// duplicate of a descriptor.
    pub without_ptrace: bool,
    /// Whether the texts of messages are shown.
    pub peeks: bool,
    /// Whether memory is looked at.
    pub with_memory: bool,
    /// The language of sentences.
    pub language: Language,
}

/// Which processes a look is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// All of this process's user.
    #[default]
    Mine,
    /// All that can be seen.
    All,
    /// A process, its descendants, its group, and whoever shares an object with them.
    Pid(i32),
    /// The box office in a directory: whoever has a file of it open, their descendants, and whoever
    /// shares an object with them.
    Dir(PathBuf),
}

impl Scope {
    /// A scope of this target, in English, with all the rights that there are.
    pub fn of(target: Target) -> Scope {
        Scope { target, ..Scope::default() }
    }

    /// The target in words that do not change.
    pub fn name(&self) -> String {
        match &self.target {
            Target::Mine => "mine".to_owned(),
            Target::All => "all".to_owned(),
            Target::Pid(pid) => format!("pid {pid}"),
            Target::Dir(dir) => format!("dir {}", crate::clean::clean(&dir.display().to_string())),
        }
    }
}
