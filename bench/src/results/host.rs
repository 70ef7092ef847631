//! Where and how a run was made: without it no figure means anything.

use serde::{Deserialize, Serialize};

/// The machine, and what was built on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// UTC, `YYYY-MM-DDTHH:MM:SSZ`.
    pub date: String,
    /// The commit, with `-dirty` if files were changed; empty outside of a repository.
    pub commit: String,
    /// `rustc --version`.
    pub toolchain: String,
    /// Release and version of the kernel.
    pub kernel: String,
    /// The processor's name.
    pub cpu: String,
    /// CPUs that this process may use.
    pub cpus: Vec<usize>,
    /// Whether the processor says that it is a virtual one: a wake across CPUs is slow there.
    pub virtual_machine: bool,
    /// The CPU on which everything of "one CPU" ran.
    pub chosen_cpu: usize,
    /// The CPU that takes the disk's interrupts; None if none could be made out.
    pub disk_cpu: Option<usize>,
    /// The file system under the servers' DIR.
    pub file_system: String,
    /// Bytes in a message queue, `kernel.msgmnb`.
    pub msgmnb: u64,
    /// Bytes in a message, `kernel.msgmax`.
    pub msgmax: u64,
    /// Descriptors of a process, the hard limit.
    pub nofile: u64,
    /// Load of the last minute when the run began.
    pub load: String,
    /// Bytes of the kernel's stack for each thread, as measured here, in KiB.
    pub kernel_stack_kib: u64,
}

/// How it was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Method {
    /// Whether `--quick` was given: more noise, same columns.
    pub quick: bool,
    /// Rounds of each group, A B A B; twice as many where 64 clients share a sync, or there are many
    /// connections.
    pub rounds: usize,
    /// Milliseconds that one trial lasts.
    pub segment_ms: u64,
    /// CPU use by other programs, in percent, above which a round is dirty and repeated.
    pub load_max_percent: f64,
    /// Rounds that were still dirty when their repeats were used up.
    pub dirty_rounds: usize,
    /// All rounds that count.
    pub all_rounds: usize,
    /// Seconds that the whole run took.
    pub seconds: f64,
}
