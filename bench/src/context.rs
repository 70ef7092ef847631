//! What all measurements of a run share: the CPUs, the effort, and a directory for the servers.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use harness::leftovers;
use tempfile::TempDir;

use crate::machine::affinity::Cpus;
use crate::machine::{descriptors, interrupt, memory};
use crate::options::Options;
use crate::output::progress::Progress;

/// It.
#[derive(Debug)]
pub struct Context {
    /// Where processes run.
    pub cpus: Cpus,
    /// Rounds of each group.
    pub rounds: usize,
    /// How long a trial lasts.
    pub segment: Duration,
    /// Starts of each server that are timed.
    pub starts: usize,
    /// Requests over which allocations, switches and CPU are counted.
    pub counted: u64,
    /// Requests that strace watches.
    pub traced: u64,
    /// KiB of a thread's stack in the kernel.
    pub kernel_stack_kib: u64,
    /// Idle connections.
    pub connections: usize,
    /// How far the run has come.
    pub progress: Progress,
    /// Rounds so far, and how many of them were dirty.
    pub rounds_so_far: (usize, usize),
    work: TempDir,
}

impl Context {
    /// Blocks Ctrl-C, and prepares the rest; `rounds` are made where the options do not say.
    ///
    /// # Errors
    /// If something cannot be had.
    pub fn new(options: &Options, rounds: usize) -> anyhow::Result<Context> {
        interrupt::block()?;
        // What a killed server leaves behind goes with the namespace, if we may have one.
        leftovers::enter_namespace();
        descriptors::raise_limit()?;
        fs::create_dir_all(&options.out)
            .with_context(|| format!("cannot make {}", options.out.display()))?;
        // In the report's directory: on the user's disk, where a sync is one.
        let work = tempfile::Builder::new()
            .prefix(".work-")
            .tempdir_in(&options.out)
            .context("cannot make a directory")?;
        let quick = options.quick;
        let segment_ms = if quick { 30 } else { 400 };
        Ok(Context {
            cpus: Cpus::find(work.path())?,
            rounds: options.rounds.unwrap_or(rounds).max(1),
            segment: Duration::from_millis(options.segment.unwrap_or(segment_ms)),
            starts: if quick { 3 } else { 11 },
            counted: if quick { 2_000 } else { 20_000 },
            traced: if quick { 500 } else { 2_000 },
            kernel_stack_kib: memory::kernel_stack_kib()?,
            connections: options.connections,
            progress: Progress::new()?,
            rounds_so_far: (0, 0),
            work,
        })
    }

    /// Below it every server has its DIR.
    pub fn work(&self) -> &Path {
        self.work.path()
    }

    /// Some more rounds count, and so many of them were dirty.
    pub fn count_rounds(&mut self, all: usize, dirty: usize) {
        self.rounds_so_far.0 += all;
        self.rounds_so_far.1 += dirty;
    }
}
