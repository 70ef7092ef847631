//! Whether a process sees the System V objects that this one sees; elsewhere numbers mean others.

use std::fs;
use std::path::PathBuf;

/// The IPC namespace of the calling thread, if it can be seen.
#[derive(Clone, Debug)]
pub(crate) struct Namespace(Option<PathBuf>);

impl Namespace {
    /// That of the calling thread.
    pub(crate) fn own() -> Namespace {
        Namespace(fs::read_link("/proc/thread-self/ns/ipc").ok())
    }

    /// Whether it is that of a process; yes, if that cannot be seen.
    pub(crate) fn is_of(&self, pid: i32) -> bool {
        let theirs = fs::read_link(format!("/proc/{pid}/ns/ipc"));
        match (theirs.ok(), &self.0) {
            (Some(theirs), Some(ours)) => theirs == *ours,
            _ => true,
        }
    }
}
