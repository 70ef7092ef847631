//! The memory of a C program that does nothing, in as many processes and threads as a server.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::ensure;
use harness::processes;

use crate::counts::compiler;
use crate::machine::memory;
use crate::results::counts::Memory;
use crate::target::process::Process;

/// The program.
const SOURCE: &str = "bench/c/nothing.c";
/// How long it may take to get ready, and its children and threads to fall asleep.
const READY_MAX: Duration = Duration::from_secs(10);

/// The compiled program.
#[derive(Debug)]
pub struct Nothing {
    program: PathBuf,
}

impl Nothing {
    /// Compiles it into a directory; None, and a word on stderr, if there is no compiler.
    ///
    /// # Errors
    /// If it does not compile.
    pub fn prepare(dir: &Path) -> anyhow::Result<Option<Nothing>> {
        if !compiler::is_there("no C program stands beside the servers' memory") {
            return Ok(None);
        }
        let program = dir.join("nothing");
        compiler::compile(SOURCE, &["-pthread"], &program)?;
        Ok(Some(Nothing { program: program.canonicalize()? }))
    }

    /// Its memory with so many processes and threads.
    ///
    /// # Errors
    /// If it does not get ready.
    pub fn memory(
        &self,
        n_processes: usize,
        n_threads: usize,
        kernel_stack_kib: u64,
    ) -> anyhow::Result<Memory> {
        let mut command = Command::new(&self.program);
        command.arg(n_processes.to_string()).arg(n_threads.to_string());
        let mut process = Process::start("the C program".to_owned(), &mut command)?;
        let line = process.read_line(READY_MAX)?;
        ensure!(line == "ready", "the C program says {line:?}");
        let sleep = || {
            let threads = processes::of_group(process.pid());
            let all = threads.len() == n_threads && threads.iter().all(|it| it.state == 'S');
            all.then_some(threads)
        };
        let threads = harness::wait::until(READY_MAX, sleep);
        let Some(threads) = threads else { anyhow::bail!("the C program does not fall asleep") };
        let mut pids: Vec<i32> = threads.iter().map(|thread| thread.pid).collect();
        pids.sort_unstable();
        pids.dedup();
        memory::of(&pids, n_threads, kernel_stack_kib)
    }
}
