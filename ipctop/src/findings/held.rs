//! Semaphores, mutexes and file locks that nobody gives back.

use crate::findings::facts::{Facts, Waiting, waiting_in};
use crate::model::finding::Finding;
use crate::model::object::ObjectId;
use crate::model::process::{Action, Process};

/// What threads wait to take, and will not get.
pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let each = facts.waiting().filter_map(|waiting| {
        semaphore(facts, waiting)
            .or_else(|| mutex(facts, waiting))
            .or_else(|| posix_semaphore(facts, waiting))
            .or_else(|| file_lock(facts, waiting))
    });
    each.chain(facts.look.processes.iter().filter_map(all_threads)).collect()
}

fn new(kind: &str, waiting: Waiting<'_>) -> Finding {
    let pid = waiting.process.pid;
    let found = Finding::new(kind).of(pid).text("process", waiting.process.label());
    found.number("pid", pid)
}

fn taken<'a>(waiting: Waiting<'a>, kind: &str) -> Option<&'a ObjectId> {
    let want = waiting.wait.on.first()?;
    (want.action == Action::Take && want.object.kind() == kind).then_some(&want.object)
}

fn semaphore(facts: &Facts<'_>, waiting: Waiting<'_>) -> Option<Finding> {
    if waiting.wait.has_deadline {
        return None;
    }
    let id = taken(waiting, "sem")?;
    let set =
        facts.look.semaphores.iter().find(|set| ObjectId::system_v("sem", set.semid) == *id)?;
    let waited = set.values.iter().flatten().find(|value| value.n_growing + value.n_zero > 0)?;
    let found =
        |kind| new(kind, waiting).on(id).number("id", set.semid).number("value", waited.value);
    let last = waited.last;
    if waited.n_zero > 0 && waited.n_growing == 0 {
        return Some(found("semaphore-not-zero"));
    }
    if last == 0 {
        return Some(found("semaphore-untouched"));
    }
    if last == waiting.process.pid {
        return Some(found("semaphore-own"));
    }
    if !facts.is_alive(last) {
        return Some(found("semaphore-dead").number("last", last));
    }
    let sleeps = facts.waiting().any(|other| other.process.pid == last);
    sleeps.then(|| {
        let found = found("semaphore-held").of(last).text("holder", facts.label(last));
        found.text("does", facts.doing(last))
    })
}

fn mutex(facts: &Facts<'_>, waiting: Waiting<'_>) -> Option<Finding> {
    let id = taken(waiting, "mutex")?;
    let owner = waiting.wait.process?;
    if owner == waiting.thread.tid {
        return Some(new("mutex-own", waiting).on(id).number("tid", owner));
    }
    let Some(holder) = facts.table.process_of(owner) else {
        return Some(new("mutex-dead", waiting).on(id).number("tid", owner));
    };
    let held = facts.waiting().find(|other| other.thread.tid == owner)?;
    let kind = match held.wait.process {
        // The owner wants a mutex that this thread owns.
        Some(tid) if tid == waiting.thread.tid => "mutex-cycle",
        _ => "mutex-held",
    };
    let found = new(kind, waiting).of(holder).on(id).number("tid", owner);
    let found = found.text("holder", format!("{} ({owner})", held.thread.name));
    Some(found.text("does", held.wait.call.clone()))
}

/// Who holds a POSIX semaphore is written nowhere; but if nobody else has it, nobody can post it.
fn posix_semaphore(facts: &Facts<'_>, waiting: Waiting<'_>) -> Option<Finding> {
    let id = taken(waiting, "posix").filter(|_| !waiting.wait.has_deadline)?;
    let semaphore = facts.look.posix.iter().find(|object| object.id == *id && object.kind == "sem");
    let name = semaphore.map_or_else(|| id.to_string(), |semaphore| semaphore.name.clone());
    let pid = waiting.process.pid;
    let others = semaphore.into_iter().flat_map(|semaphore| &semaphore.users);
    let others: Vec<i32> = others.copied().filter(|&user| user != pid).collect();
    let all_wait = others
        .iter()
        .all(|&user| facts.waiting_for(id, Action::Take).any(|other| other.process.pid == user));
    all_wait.then(|| {
        let kind = if others.is_empty() { "posix-semaphore-alone" } else { "posix-semaphore-all" };
        new(kind, waiting).on(id).text("object", name.clone()).number("count", others.len() as i64)
    })
}

fn file_lock(facts: &Facts<'_>, waiting: Waiting<'_>) -> Option<Finding> {
    let pid = waiting.process.pid;
    let is_locking = matches!(waiting.wait.call.as_str(), "flock" | "fcntl");
    let lock = facts.look.locks.iter().find(|lock| is_locking && lock.waiters.contains(&pid))?;
    let holder = lock.holder;
    let found = |kind| {
        let found = new(kind, waiting).on(&lock.object).text("object", facts.name(&lock.object));
        found.text("holder", facts.label(holder)).text("does", facts.doing(holder))
    };
    if holder == pid {
        return Some(found("lock-own"));
    }
    let heirs: Vec<i32> = lock.ends.iter().map(|end| end.pid).filter(|&heir| heir != pid).collect();
    if holder > 0 && !facts.is_alive(holder) || holder == 0 && !heirs.is_empty() {
        let found = heirs.iter().fold(found("lock-inherited"), |found, &heir| found.of(heir));
        let names = if heirs.is_empty() { facts.say("some-child") } else { facts.labels(heirs) };
        return Some(found.text("heirs", names));
    }
    let sleeps = facts.waiting().any(|other| other.process.pid == holder);
    sleeps.then(|| found("lock-held").of(holder))
}

/// All threads of a process wait for locks of its own: nobody is left to give one back.
fn all_threads(process: &Process) -> Option<Finding> {
    let waiting: Vec<Waiting<'_>> = waiting_in(process).collect();
    let is_all = !waiting.is_empty() && waiting.len() as u64 == process.n_threads;
    let own = format!(":{}:", process.pid);
    let is_private = |waiting: &Waiting<'_>| {
        waiting.wait.call == "futex"
            && !waiting.wait.has_deadline
            && waiting.wait.on.iter().all(|want| want.object.0.contains(&own))
            // An owner is reported by itself.
            && waiting.wait.process.is_none()
    };
    (is_all && waiting.iter().all(is_private) && waiting[0].wait.is_exact).then(|| {
        let found = Finding::new("threads-all-wait").of(process.pid).number("pid", process.pid);
        let found = found.text("process", process.label());
        found.number("count", waiting.len() as i64)
    })
}
