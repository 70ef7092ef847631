//! A stopped process: what waits for it cannot go on.

use crate::findings::facts::Facts;
use crate::model::finding::Finding;
use crate::model::object::ObjectId;
use crate::model::process::Process;

/// Stopped processes, each with the most telling thing that waits for it.
pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let stopped = facts.look.processes.iter().filter(|process| process.is_stopped());
    stopped.map(|process| describe(facts, process)).collect()
}

fn describe(facts: &Facts<'_>, process: &Process) -> Finding {
    let pid = process.pid;
    let new = |kind| Finding::new(kind).of(pid).text("process", process.label()).number("pid", pid);
    if let Some(lock) = facts.look.locks.iter().find(|l| l.holder == pid && !l.waiters.is_empty()) {
        let waiters = facts.labels(lock.waiters.iter().copied());
        let found = new("stopped-holds-lock").on(&lock.object).text("waiters", waiters);
        return found.text("object", facts.name(&lock.object));
    }
    if let Some(waiting) = facts.waiting().find(|w| owner_of(facts, w.wait.process) == Some(pid)) {
        let object = waiting.wait.on.first().map(|want| want.object.clone());
        let mut found = new("stopped-holds-mutex").text("waiters", waiting.process.label());
        found = found.of(waiting.process.pid);
        return object.iter().fold(found, |found, object| found.on(object));
    }
    for set in &facts.look.semaphores {
        let held =
            set.values.iter().flatten().find(|s| s.last == pid && s.value == 0 && s.n_growing > 0);
        if let Some(semaphore) = held {
            let id = ObjectId::system_v("sem", set.semid);
            let found = new("stopped-holds-semaphore").on(&id).number("semid", set.semid);
            return found.number("count", semaphore.n_growing);
        }
    }
    for queue in &facts.look.queues {
        let reads = facts.history.receivers(&queue.id()).any(|receiver| receiver == pid);
        if reads && queue.n_messages > 0 {
            let found = new("stopped-has-messages").on(&queue.id()).text("object", queue.name());
            return found.number("count", queue.n_messages);
        }
    }
    for pipe in &facts.look.pipes {
        let reads = pipe.readers.iter().any(|end| end.pid == pid);
        if let Some(bytes) = pipe.bytes.filter(|&bytes| reads && bytes > 0) {
            let found = new("stopped-has-bytes").on(&pipe.id).text("object", pipe.name());
            return found.number("count", bytes);
        }
    }
    for socket in &facts.look.sockets {
        if socket.owners.contains(&pid) && socket.receive_queue > 0 {
            let found = new("stopped-has-bytes").on(&socket.id()).text("object", socket.name());
            return found.number("count", socket.receive_queue);
        }
    }
    new("stopped")
}

fn owner_of(facts: &Facts<'_>, thread: Option<i32>) -> Option<i32> {
    thread.and_then(|tid| facts.table.process_of(tid))
}
