//! `results.json`: everything that a run has measured, which the table, the report, the bars and a
//! later comparison read.

pub mod server;
pub mod timing;

use serde::{Deserialize, Serialize};

use server::{Bare, Connections, Stage};
use timing::{Ratio, Timing};

/// The number of this schema; a file with another one is not compared.
pub const SCHEMA: u32 = 1;

/// A whole run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Results {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Where and when: figures of two hosts are never compared.
    pub host: Host,
    /// How it was measured.
    pub method: Method,
    /// One row for each server, in the order of the stages, foreign servers last.
    pub stages: Vec<Stage>,
    /// One row for each bare exchange that they are compared with.
    pub bare: Vec<Bare>,
    /// What was measured with a clock: every combination of server or bare exchange, question,
    /// number of clients, placement and pace.
    pub timings: Vec<Timing>,
    /// Each server against a bare row of the same rounds.
    pub ratios: Vec<Ratio>,
    /// Idle connections; empty where no stage with sockets was measured.
    pub connections: Vec<Connections>,
    /// What is demanded of the servers, and whether it holds.
    pub bars: Vec<Bar>,
}

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
    /// Rounds of each group, A B A B.
    pub rounds: usize,
    /// Milliseconds that one timed segment lasts.
    pub segment_ms: u64,
    /// CPU use by others, in percent, above which a round is dirty and repeated.
    pub foreign_max_percent: f64,
    /// Rounds that were still dirty when their repeats were used up.
    pub dirty_rounds: usize,
    /// All rounds that count.
    pub all_rounds: usize,
    /// Seconds that the whole run took.
    pub seconds: f64,
}

/// One demand, and whether it holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bar {
    /// Its number, 1 to 10.
    pub number: u32,
    /// The stage.
    pub stage: String,
    /// What is demanded, in words.
    pub demand: String,
    /// What was measured; None if this run or this machine could not.
    pub measured: Option<f64>,
    /// The limit.
    pub limit: f64,
    /// Whether the limit is the least that will do, not the most.
    pub at_least: bool,
}

impl Bar {
    /// Whether it holds; None if it was not measured.
    pub fn holds(&self) -> Option<bool> {
        let measured = self.measured?;
        Some(if self.at_least { measured >= self.limit } else { measured <= self.limit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_that_was_not_measured_neither_holds_nor_falls_short() {
        let bar = Bar {
            number: 1,
            stage: "q1-pipes".into(),
            demand: String::new(),
            measured: None,
            limit: 1.1,
            at_least: false,
        };
        assert_eq!(bar.holds(), None);
        assert_eq!(Bar { measured: Some(1.1), ..bar.clone() }.holds(), Some(true));
        assert_eq!(Bar { measured: Some(1.2), ..bar.clone() }.holds(), Some(false));
        assert_eq!(Bar { measured: Some(1.2), at_least: true, ..bar }.holds(), Some(true));
    }
}
