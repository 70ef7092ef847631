//! A thread that uses CPU time without ever waiting.

use crate::findings::facts::{Facts, STILL_MS};
use crate::model::finding::Finding;
use crate::model::process::Thread;

/// From this share of the time on, in percent; a machine with more work than CPUs leaves no more.
const SHARE_MIN: u64 = 30;
/// A process that was not asked for by PID or directory may compute for so long, in milliseconds.
const PATIENCE_MS: u64 = 3000;

/// Threads that ran in both looks and did not sleep in between.
pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let Some(before) = facts.history.before() else { return Vec::new() };
    let (Some(then), Some(now)) = (before.at, facts.history.now()) else { return Vec::new() };
    let wall_ms = now.duration_since(then).as_millis() as u64;
    let is_narrow = facts.look.scope.starts_with("pid") || facts.look.scope.starts_with("dir");
    if wall_ms < STILL_MS || !is_narrow && facts.look.watched_ms < PATIENCE_MS {
        return Vec::new();
    }
    let mut found = Vec::new();
    for process in facts.look.processes.iter().filter(|process| process.is_asked_for) {
        let spins = |thread: &&Thread| {
            before.thread(process, thread.tid).is_some_and(|old| {
                let is_running = thread.state == 'R' && old.state == 'R';
                is_running
                    && old.sleeps == thread.sleeps
                    && used_ms(thread).saturating_sub(used_ms(old)) * 100 >= wall_ms * SHARE_MIN
            })
        };
        if let Some(thread) = process.threads.iter().find(spins) {
            let new = Finding::new("spinning").of(process.pid).text("process", process.label());
            let new = new.number("tid", thread.tid).number("pid", process.pid);
            found.push(new.number("percent", process.cpu_percent.unwrap_or_default() as i64));
        }
    }
    found
}

fn used_ms(thread: &Thread) -> u64 {
    thread.user_ms + thread.system_ms
}
