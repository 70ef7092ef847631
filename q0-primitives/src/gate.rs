//! Threads that begin at the same moment.

use std::sync::RwLock;
use std::thread;

use anyhow::Context;

/// Starts `threads` threads, calls `before` while they wait at a gate, then lets them all run
/// `body`, and waits for them.
///
/// # Errors
/// EAGAIN if there can be no more threads; those of `before`. See pthread_create(3).
pub fn together(
    threads: u64,
    before: impl FnOnce() -> anyhow::Result<()>,
    body: impl Fn() + Sync,
) -> anyhow::Result<()> {
    let gate = RwLock::new(());
    thread::scope(|scope| {
        // It opens when this closure ends, also by an error: no thread waits for ever.
        let _closed = gate.write();
        for number in 0..threads {
            let thread = thread::Builder::new().name(format!("adder {number}"));
            let run = || {
                drop(gate.read());
                body();
            };
            thread.spawn_scoped(scope, run).context("cannot start a thread")?;
        }
        before()
    })
}
