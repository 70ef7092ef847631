//! What belongs to the whole machine: file locks and limits.

use serde::Serialize;

use crate::model::object::{End, ObjectId};

/// A file lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FileLock {
    /// `flock`, `posix` or `ofd`.
    pub kind: String,
    /// Whether it excludes every other.
    pub is_exclusive: bool,
    /// The locked file.
    pub object: ObjectId,
    /// Its path, if a process in scope has it open.
    pub path: Option<String>,
    /// Who took it; -1 if the kernel does not say, 0 if it is dead or outside, seen from this PID
    /// namespace.
    pub holder: i32,
    /// Who waits for it.
    pub waiters: Vec<i32>,
    /// The descriptors that hold it, as far as they can be seen, if somebody waits for it. Children
    /// inherit them.
    pub ends: Vec<End>,
}

/// The limits of this machine, and what is used of them.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Limits {
    /// Bytes in a queue.
    pub msgmnb: Option<u64>,
    /// Queues.
    pub msgmni: Option<u64>,
    /// Queues in use.
    pub n_queues: u64,
    /// Segments.
    pub shmmni: Option<u64>,
    /// Segments in use.
    pub n_segments: u64,
    /// Semaphore sets.
    pub semmni: Option<u64>,
    /// Semaphore sets in use.
    pub n_sets: u64,
}
