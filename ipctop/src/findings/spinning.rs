//! A thread that uses CPU time without ever waiting.

use crate::findings::facts::{Facts, STILL_MS};
use crate::model::finding::Finding;
use crate::model::process::{Process, Thread};

/// CPU time without a single sleep, in milliseconds.
const AWAKE_MS: u64 = 60;
/// From this share of its time in the kernel on, in percent, a thread works with system calls.
const CALLS_MIN: u64 = 10;
/// A process that was not asked for by PID or directory may compute for so long, in milliseconds.
const PATIENCE_MS: u64 = 3000;

/// Threads that ran in both looks and did not sleep in between.
pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let Some(before) = facts.history.before() else { return Vec::new() };
    if !facts.look.is_narrow() && facts.look.watched_ms < PATIENCE_MS {
        return Vec::new();
    }
    let mut found = Vec::new();
    for process in facts.look.processes.iter().filter(|process| process.is_asked_for) {
        let spins = |thread: &&Thread| {
            before.thread(process, thread.tid).is_some_and(|old| {
                let runs = thread.state == 'R' && old.state == 'R';
                let is_awake = runs && thread.awake_cpu_ms >= AWAKE_MS;
                is_awake && (computes(old, thread) || moves_nothing(facts, process, old, thread))
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

/// Whether it hardly makes any system calls.
fn computes(old: &Thread, new: &Thread) -> bool {
    let user = new.user_ms.saturating_sub(old.user_ms);
    let system = new.system_ms.saturating_sub(old.system_ms);
    user > 0 && system * 100 < (user + system) * CALLS_MIN
}

/// Whether its system calls come to nothing. A server with more requests than time never sleeps
/// either, but what it reads and answers moves.
fn moves_nothing(facts: &Facts<'_>, process: &Process, old: &Thread, new: &Thread) -> bool {
    let is_own = |pid: i32| pid == process.pid;
    let queues_rest = facts.look.queues.iter().all(|queue| {
        let id = queue.id();
        let mut users = facts.history.senders(&id).chain(facts.history.receivers(&id));
        !users.any(is_own) || facts.is_still(queue)
    });
    let sockets_rest = facts.look.sockets.iter().all(|socket| {
        !socket.owners.contains(&process.pid)
            || socket.state == "listen"
            || socket.still_ms >= STILL_MS && socket.receive_queue == 0
    });
    new.moved_bytes.is_some() && old.moved_bytes == new.moved_bytes && queues_rest && sockets_rest
}
