//! Threads or children that become more and more, and none of which ends.

use std::collections::BTreeSet;

use crate::findings::facts::Facts;
use crate::model::finding::Finding;
use crate::model::process::Process;

/// From this number on.
const MANY: u64 = 64;

/// Processes that have more threads, or children, than at the look before.
pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let processes = facts.look.processes.iter().filter(|process| process.is_asked_for);
    processes
        .filter_map(|process| threads(facts, process).or_else(|| children(facts, process)))
        .collect()
}

fn threads(facts: &Facts<'_>, process: &Process) -> Option<Finding> {
    let before = facts.history.before()?.processes.get(&process.pid)?;
    let ids = |process: &Process| process.threads.iter().map(|t| t.tid).collect::<BTreeSet<_>>();
    let grows = process.n_threads > before.n_threads && process.n_threads >= MANY;
    (grows && ids(before).is_subset(&ids(process)) && before.started == process.started)
        .then(|| describe("threads-growing", process, before.n_threads, process.n_threads))
}

fn children(facts: &Facts<'_>, process: &Process) -> Option<Finding> {
    let before = facts.history.before()?;
    let now = facts.table.children(process.pid);
    if (now.len() as u64) < MANY {
        return None;
    }
    let old: BTreeSet<i32> =
        before.processes.values().filter(|p| p.parent == process.pid).map(|p| p.pid).collect();
    let new: BTreeSet<i32> = now.iter().copied().collect();
    let grows = new.len() > old.len() && old.is_subset(&new);
    grows.then(|| describe("children-growing", process, old.len() as u64, new.len() as u64))
}

fn describe(kind: &str, process: &Process, before: u64, now: u64) -> Finding {
    let found = Finding::new(kind).of(process.pid).text("process", process.label());
    found.number("before", before).number("count", now)
}
