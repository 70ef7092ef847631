//! Signals that never arrive.

use crate::findings::facts::{Facts, waiting_in};
use crate::model::finding::Finding;
use crate::model::process::{Action, Process};

/// The signals that ask a process to end, with their names.
const ENDING: [(i32, &str); 4] = [(15, "SIGTERM"), (2, "SIGINT"), (1, "SIGHUP"), (3, "SIGQUIT")];
/// The signal of a child's end.
const SIGCHLD: i32 = 17;

/// The signals that programs send each other to go on: SIGUSR1, SIGUSR2, and those of real time.
const TOLD: u64 = 1 << 9 | 1 << 11 | !0 << 33;

/// A signal that is blocked and stays pending, and a parent that cannot learn of its child's end.
pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let processes = facts.look.processes.iter();
    processes
        .filter_map(|process| deaf(facts, process).or_else(|| ignores_children(facts, process)))
        .chain(facts.look.processes.iter().filter_map(|process| ignores_end(facts, process)))
        .chain(missed(facts))
        .collect()
}

/// Everybody waits for a signal. One that came before pause(2) ends no wait.
fn missed(facts: &Facts<'_>) -> Option<Finding> {
    let asked = || facts.look.processes.iter().filter(|process| process.is_asked_for);
    let pauses = |process: &Process| {
        let mut waiting = waiting_in(process);
        process.n_threads == 1 && waiting.any(|one| one.wait.call == "pause")
    };
    if !facts.look.is_narrow() || asked().count() < 2 || !asked().all(pauses) {
        return None;
    }
    let process = asked().find(|process| process.signals.caught & TOLD != 0)?;
    let found = asked().fold(Finding::new("signal-missed").of(process.pid), |f, one| f.of(one.pid));
    Some(found.text("process", process.label()).number("count", asked().count() as i64))
}

fn deaf(facts: &Facts<'_>, process: &Process) -> Option<Finding> {
    let before = facts.history.before()?.processes.get(&process.pid)?;
    let stays = process.signals.pending & before.signals.pending & process.signals.blocked;
    let (_, name) = ENDING.into_iter().find(|(signal, _)| Process::has(stays, *signal))?;
    // A stopped process gets its signals when it is continued.
    (!process.is_stopped() && process.state != 'Z').then(|| {
        let found = Finding::new("signal-blocked").of(process.pid).text("signal", name);
        found.text("process", process.label()).number("pid", process.pid)
    })
}

fn ignores_children(facts: &Facts<'_>, process: &Process) -> Option<Finding> {
    if !Process::has(process.signals.ignored, SIGCHLD) {
        return None;
    }
    let waits = facts.waiting().any(|waiting| {
        let reaps = waiting.wait.on.iter().any(|want| want.action == Action::Reap);
        waiting.process.pid == process.pid && (reaps || waiting.wait.call == "wait4")
    });
    waits.then(|| {
        let found = Finding::new("children-ignored").of(process.pid);
        found.text("process", process.label())
    })
}

/// A parent waits for a child that ignores the signal that would end it.
fn ignores_end(facts: &Facts<'_>, process: &Process) -> Option<Finding> {
    if !Process::has(process.signals.ignored, ENDING[0].0) {
        return None;
    }
    let awaited = facts.waiting().any(|waiting| {
        waiting.process.pid == process.parent
            && (waiting.wait.process == Some(process.pid) || waiting.wait.call == "wait4")
    });
    (awaited && process.state != 'Z').then(|| {
        let found = Finding::new("end-ignored").of(process.pid).text("process", process.label());
        found.text("parent", facts.label(process.parent)).number("pid", process.pid)
    })
}
