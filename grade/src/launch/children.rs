//! Which programs of the submission somebody waits for: others that come to this process are orphans.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The PIDs; copies know the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Children(Arc<Mutex<BTreeSet<i32>>>);

impl Children {
    /// Holds the list: nobody is collected, and nobody else starts a program.
    pub(crate) fn hold(&self) -> MutexGuard<'_, BTreeSet<i32>> {
        // A thread that panicked left a set that is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
