//! A thread that uses CPU time without ever waiting.

use crate::findings::facts::Facts;
use crate::model::finding::Finding;
use crate::model::process::Thread;

/// CPU time without a single sleep, in milliseconds. A server that is asked without a pause sleeps
/// sooner: its clients need the CPU as well.
const AWAKE_MS: u64 = 60;
/// A process that was not asked for by PID or directory may compute for so long, in milliseconds.
const PATIENCE_MS: u64 = 3000;

/// Threads that ran in both looks and did not sleep in between.
pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let Some(before) = facts.history.before() else { return Vec::new() };
    let is_narrow = facts.look.scope.starts_with("pid") || facts.look.scope.starts_with("dir");
    if !is_narrow && facts.look.watched_ms < PATIENCE_MS {
        return Vec::new();
    }
    let mut found = Vec::new();
    for process in facts.look.processes.iter().filter(|process| process.is_asked_for) {
        let spins = |thread: &&Thread| {
            let was_running = before.thread(process, thread.tid).is_some_and(|t| t.state == 'R');
            thread.state == 'R' && was_running && thread.awake_cpu_ms >= AWAKE_MS
        };
        if let Some(thread) = process.threads.iter().find(spins) {
            let new = Finding::new("spinning").of(process.pid).text("process", process.label());
            let new = new.number("tid", thread.tid).number("pid", process.pid);
            found.push(new.number("percent", process.cpu_percent.unwrap_or_default() as i64));
        }
    }
    found
}
