//! Which children of this process somebody waits for; all others are orphans of the submission.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is known about children; copies know the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Children(Arc<Mutex<Known>>);

/// The children that somebody waits for.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Programs of the submission.
    pub(crate) programs: BTreeSet<i32>,
    /// Processes of ours that only lead a session.
    pub(crate) holders: BTreeSet<i32>,
}

impl Children {
    /// Holds the list: nobody is collected, and nobody else starts a child.
    pub(crate) fn hold(&self) -> MutexGuard<'_, Known> {
        // A thread that panicked left a set that is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Whether somebody waits for this child.
    pub(crate) fn is_waited_for(&self, pid: i32) -> bool {
        self.programs.contains(&pid) || self.holders.contains(&pid)
    }
}
