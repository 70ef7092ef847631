//! Who could end a wait, and which processes can therefore never go on.

use std::collections::{BTreeMap, BTreeSet};

use crate::findings::facts::{Facts, STILL_MS, Waiting};
use crate::model::object::ObjectId;
use crate::model::process::{Action, Process, Want};

/// Who could end a wait; None if it can end by itself, or by somebody who is not in sight.
type Wakers = Option<BTreeSet<i32>>;

/// The processes that wait for each other only, each with those that it waits for.
///
/// All that wait are taken for stuck at first; then whoever waits for one that is not stuck goes,
/// until nobody goes any more.
pub(super) fn stuck(facts: &Facts<'_>) -> BTreeMap<i32, BTreeSet<i32>> {
    let wakers = |process: &Process| Some((process.pid, of_process(facts, process)?));
    let mut stuck: BTreeMap<_, _> = facts.look.processes.iter().filter_map(wakers).collect();
    loop {
        let all: BTreeSet<i32> = stuck.keys().copied().collect();
        stuck.retain(|_, wakers| wakers.is_subset(&all));
        if stuck.len() == all.len() {
            return stuck;
        }
    }
}

/// Who could wake any thread of a process, if all of them wait.
fn of_process(facts: &Facts<'_>, process: &Process) -> Wakers {
    let is_whole = process.threads.len() as u64 == process.n_threads && process.n_threads > 0;
    if !is_whole {
        return None;
    }
    let mut all = BTreeSet::new();
    for thread in &process.threads {
        let wait = thread.wait.as_ref()?;
        if thread.state != 'S' || thread.still_ms < STILL_MS {
            return None;
        }
        all.extend(of_thread(facts, Waiting { process, thread, wait })?);
    }
    // Other threads of its own are asleep as well.
    all.remove(&process.pid);
    (!all.is_empty()).then_some(all)
}

fn of_thread(facts: &Facts<'_>, waiting: Waiting<'_>) -> Wakers {
    let wait = waiting.wait;
    if wait.has_deadline || wait.on.is_empty() && wait.process.is_none() {
        return None;
    }
    if let ("futex", Some(owner)) = (wait.call.as_str(), wait.process) {
        return facts.table.process_of(owner).map(|pid| BTreeSet::from([pid]));
    }
    let mut all = BTreeSet::new();
    for want in &wait.on {
        all.extend(of_want(facts, waiting.process.pid, want)?);
    }
    Some(all)
}

fn of_want(facts: &Facts<'_>, pid: i32, want: &Want) -> Wakers {
    let id = &want.object;
    match (id.kind(), want.action) {
        ("pipe", Action::Receive | Action::Send) => of_pipe(facts, pid, want),
        ("msg", Action::Receive) => alive(facts, pid, facts.history.senders(id)),
        ("msg", Action::Send) => alive(facts, pid, facts.history.receivers(id)),
        ("mqueue", _) => {
            let queue = facts.look.posix.iter().find(|object| object.id == *id)?;
            alive(facts, pid, queue.users.iter().copied())
        }
        ("socket", Action::Receive | Action::Send) => {
            let socket = facts.socket(id).filter(|socket| socket.state == "established")?;
            let is_ready = want.action == Action::Receive && socket.receive_queue > 0;
            if is_ready { None } else { alive(facts, pid, socket.peers.iter().copied()) }
        }
        ("sem", _) => {
            let semid = id.0.strip_prefix("sem:")?.parse::<i64>().ok()?;
            let set = facts.look.semaphores.iter().find(|set| set.semid == semid)?;
            let waited = set.values.iter().flatten().filter(|s| s.n_growing + s.n_zero > 0);
            alive(facts, pid, waited.map(|semaphore| semaphore.last))
        }
        ("file", Action::Take) => {
            let held = |lock: &&crate::model::system::FileLock| lock.waiters.contains(&pid);
            let holders = facts.look.locks.iter().filter(held).map(|lock| lock.holder);
            alive(facts, pid, holders)
        }
        ("process", Action::Reap) => {
            let child = id.0.strip_prefix("process:")?.parse().ok()?;
            alive(facts, pid, std::iter::once(child))
        }
        _ => None,
    }
}

/// The other side of a pipe. Anybody may open a FIFO that has a path, unless somebody else has it
/// open already and is the one that is expected.
fn of_pipe(facts: &Facts<'_>, pid: i32, want: &Want) -> Wakers {
    let pipe = facts.pipe(&want.object)?;
    let ends = match want.action {
        Action::Receive if pipe.bytes.is_some_and(|bytes| bytes > 0) => return None,
        Action::Receive => &pipe.writers,
        _ => &pipe.readers,
    };
    let others = ends.iter().map(|end| end.pid).filter(|&other| other != pid);
    let others: BTreeSet<i32> = others.collect();
    let is_known = !others.is_empty() || pipe.path.is_none();
    is_known.then_some(others)
}

fn alive(facts: &Facts<'_>, pid: i32, pids: impl Iterator<Item = i32>) -> Wakers {
    let others: BTreeSet<i32> = pids.filter(|&p| p != pid && facts.table.is_alive(p)).collect();
    (!others.is_empty()).then_some(others)
}

/// A circle among stuck processes that begins with the smallest PID, from each of them.
pub(super) fn circles(stuck: &BTreeMap<i32, BTreeSet<i32>>) -> BTreeSet<Vec<i32>> {
    stuck.keys().map(|&start| circle(stuck, start)).collect()
}

fn circle(stuck: &BTreeMap<i32, BTreeSet<i32>>, start: i32) -> Vec<i32> {
    let mut path = vec![start];
    loop {
        let last = path[path.len() - 1];
        let Some(&next) = stuck.get(&last).and_then(|wakers| wakers.first()) else { return path };
        if let Some(at) = path.iter().position(|&pid| pid == next) {
            let mut circle = path.split_off(at);
            let smallest = (0..circle.len()).min_by_key(|&at| circle[at]).unwrap_or(0);
            circle.rotate_left(smallest);
            return circle;
        }
        path.push(next);
    }
}

/// What a process waits for: the first object of its first thread.
pub(super) fn waits_for(process: &Process) -> Option<(&str, &ObjectId)> {
    let wait = process.threads.first()?.wait.as_ref()?;
    Some((&wait.call, &wait.on.first()?.object))
}
