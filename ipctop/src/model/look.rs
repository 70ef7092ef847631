//! One look at everything in scope.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::finding::Finding;
use crate::model::object::{MessageQueue, Pipe, PosixObject, Segment, SemaphoreSet, Socket};
use crate::model::office::Office;
use crate::model::process::Process;
use crate::model::system::FileLock;
use crate::model::system::Limits;

/// The version of the JSON that a look becomes; it grows when a field changes its meaning or goes.
pub const SCHEMA: u32 = 1;

/// What was seen.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Look {
    /// The version of this format, 1.
    pub schema: u32,
    /// Milliseconds since 1970.
    pub taken_ms: u64,
    /// How long the look took, in microseconds.
    pub took_us: u64,
    /// Milliseconds since the watcher's first look: no wait is known to be longer.
    pub watched_ms: u64,
    /// What was asked for: `mine`, `all`, `pid N` or `dir PATH`.
    pub scope: String,
    /// The processes in scope, by PID.
    pub processes: Vec<Process>,
    /// Pipes and FIFOs.
    pub pipes: Vec<Pipe>,
    /// System V message queues.
    pub queues: Vec<MessageQueue>,
    /// System V shared memory segments.
    pub segments: Vec<Segment>,
    /// System V semaphore sets.
    pub semaphores: Vec<SemaphoreSet>,
    /// POSIX message queues, shared memory and semaphores.
    pub posix: Vec<PosixObject>,
    /// TCP and Unix sockets.
    pub sockets: Vec<Socket>,
    /// File locks, held and waited for.
    pub locks: Vec<FileLock>,
    /// The box office in scope, if there is one.
    pub office: Option<Office>,
    /// The limits of this machine.
    pub limits: Limits,
    /// What is stuck, the most certain first.
    pub findings: Vec<Finding>,
    /// What could not be seen, and why.
    pub notes: Vec<Note>,
}

/// Something that this look may not or cannot see.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Note {
    /// What kind of note: the name of its sentence.
    pub kind: String,
    /// The values in the sentence.
    pub values: BTreeMap<String, String>,
    /// The sentence, in the language that was asked for.
    pub text: String,
}

impl Look {
    /// Whether it is about certain processes, not about everything of somebody.
    pub fn is_narrow(&self) -> bool {
        self.scope.starts_with("pid") || self.scope.starts_with("dir")
    }

    /// The process with this PID, if it is in scope.
    pub fn process(&self, pid: i32) -> Option<&Process> {
        let at = self.processes.binary_search_by_key(&pid, |process| process.pid).ok()?;
        self.processes.get(at)
    }
}
