//! Memory of processes, and what the kernel keeps for them.

use std::sync::{Arc, Barrier};
use std::thread::{Builder, JoinHandle};

use anyhow::{Context, anyhow};
use procfs::process::{Process, SmapsRollup};
use procfs::{Current, Meminfo};

use crate::results::counts::Memory;

/// Threads by which the size of a kernel stack is found.
const TRIAL_THREADS: usize = 64;

/// The memory of some processes now, which have so many threads.
///
/// # Errors
/// If /proc does not say.
pub fn of(pids: &[i32], n_threads: usize, kernel_stack_kib: u64) -> anyhow::Result<Memory> {
    let mut sum = Memory::default();
    for &pid in pids {
        add(&mut sum, pid).with_context(|| format!("cannot read the memory of process {pid}"))?;
    }
    sum.kernel += kernel_stack_kib * n_threads as u64;
    Ok(sum)
}

fn add(sum: &mut Memory, pid: i32) -> anyhow::Result<()> {
    let process = Process::new(pid)?;
    let rollup: SmapsRollup = process.smaps_rollup()?;
    let field = |name: &str| {
        let maps = rollup.memory_map_rollup.iter();
        maps.filter_map(|map| map.extension.map.get(name)).sum::<u64>() / 1024
    };
    sum.rss += field("Rss");
    sum.pss += field("Pss");
    sum.uss += field("Private_Clean") + field("Private_Dirty");
    sum.private_dirty += field("Private_Dirty");
    sum.anonymous += field("Anonymous");
    sum.pss_file += field("Pss_File");
    sum.kernel += process.status()?.vmpte.unwrap_or_default();
    Ok(())
}

/// What the kernel keeps that it cannot take back, in KiB: stacks, page tables and its own objects,
/// of the whole machine.
///
/// # Errors
/// If /proc does not say.
pub fn of_kernel() -> anyhow::Result<u64> {
    let info = Meminfo::current().context("cannot read /proc/meminfo")?;
    let parts = [info.kernel_stack, info.page_tables, info.s_unreclaim];
    Ok(parts.iter().map(|part| part.unwrap_or_default()).sum::<u64>() / 1024)
}

/// KiB of the kernel's stack for one thread, found by making some.
///
/// # Errors
/// If they cannot be made.
pub fn kernel_stack_kib() -> anyhow::Result<u64> {
    let stacks = || -> anyhow::Result<u64> {
        let info = Meminfo::current().context("cannot read /proc/meminfo")?;
        Ok(info.kernel_stack.unwrap_or_default() / 1024)
    };
    let before = stacks()?;
    let all_are_counted = Arc::new(Barrier::new(TRIAL_THREADS + 1));
    let start = |_| {
        let barrier = all_are_counted.clone();
        let wait = move || {
            barrier.wait();
        };
        Builder::new().spawn(wait).context("cannot start a thread")
    };
    let threads: Vec<JoinHandle<()>> =
        (0..TRIAL_THREADS).map(start).collect::<anyhow::Result<_>>()?;
    let after = stacks()?;
    all_are_counted.wait();
    for thread in threads {
        thread.join().map_err(|_| anyhow!("a thread has panicked"))?;
    }
    // Stacks are of whole pages, and other programs start and end threads meanwhile.
    let each =
        (after.saturating_sub(before) as f64 / TRIAL_THREADS as f64 / 4.0).round() as u64 * 4;
    Ok(each)
}
