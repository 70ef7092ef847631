//! What earlier looks saw: since when nothing has changed, and who was seen at which queue.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Instant;

use crate::collect::table::Table;
use crate::model::look::Look;
use crate::model::object::{MessageQueue, ObjectId};
use crate::model::process::{Action, Process, Thread, Wait};
use crate::rates::Rates;

/// How long things have been as they are: kept by [`HashMap`]s in [`History`].
type Since<K, V> = HashMap<K, (V, Instant)>;

/// What was remembered of a thread: how often it slept and gave way, and what it waited for.
type ThreadState = (u64, Option<u64>, Option<u64>, Option<Wait>);
/// Which process a thread belongs to, and how often it has slept.
type Slept = (u64, Option<u64>);
/// What was remembered of a socket: its state and its two queues.
type SocketState = (String, u64, u64);

/// The memory of a watcher.
#[derive(Debug, Default)]
pub(crate) struct History {
    threads: Since<(i32, i32), ThreadState>,
    /// CPU time at the first look since a thread last went to sleep.
    awake: HashMap<(i32, i32), (Slept, u64)>,
    sockets: Since<u64, SocketState>,
    queues: Since<i64, u64>,
    rates: Rates,
    seats: BTreeMap<i32, i32>,
    senders: BTreeMap<ObjectId, BTreeMap<i32, u64>>,
    receivers: BTreeMap<ObjectId, BTreeMap<i32, u64>>,
    before: Option<Earlier>,
    last: Option<Earlier>,
}

/// The look before: processes and threads by id.
#[derive(Debug, Default)]
pub(crate) struct Earlier {
    /// When.
    pub(crate) at: Option<Instant>,
    /// The processes.
    pub(crate) processes: BTreeMap<i32, Process>,
}

impl History {
    /// Enters a look, and tells it how long things have been as they are.
    pub(crate) fn add(&mut self, look: &mut Look, table: &Table, at: Instant) {
        self.before = self.last.take();
        let mut threads = Since::new();
        let mut awake = HashMap::new();
        for process in &mut look.processes {
            for thread in &mut process.threads {
                let key = (process.pid, thread.tid);
                let state =
                    (process.started, thread.sleeps, thread.preemptions, thread.wait.clone());
                let since = since(&self.threads, &key, &state, at);
                thread.still_ms = at.duration_since(since).as_millis() as u64;
                let used_ms = thread.user_ms + thread.system_ms;
                let slept = (process.started, thread.sleeps);
                let (_, then_ms) = *self
                    .awake
                    .get(&key)
                    .filter(|(old, _)| *old == slept)
                    .unwrap_or(&(slept, used_ms));
                thread.awake_cpu_ms = used_ms.saturating_sub(then_ms);
                awake.insert(key, (slept, then_ms));
                threads.insert(key, (state, since));
            }
        }
        self.threads = threads;
        self.awake = awake;
        self.rates.tell(look, at);
        self.add_sockets(look, at);
        self.add_queues(look, at);
        self.forget(look, table);
        for show in look.office.iter_mut().flat_map(|office| &mut office.shows) {
            let before = self.seats.insert(show.id, show.seats).unwrap_or(show.seats);
            show.sold = before - show.seats;
        }
        let processes = look.processes.iter().map(|p| (p.pid, p.clone())).collect();
        self.last = Some(Earlier { at: Some(at), processes });
    }

    /// Whoever is gone is nobody's sender or receiver any more, and its PID may come back.
    fn forget(&mut self, look: &Look, table: &Table) {
        let is_there = |pid: i32, started| table.get(pid).is_some_and(|row| row.started == started);
        for seen in [&mut self.senders, &mut self.receivers] {
            seen.values_mut()
                .for_each(|pids| pids.retain(|&pid, &mut started| is_there(pid, started)));
        }
        let queues: BTreeSet<ObjectId> = look.queues.iter().map(MessageQueue::id).collect();
        for seen in [&mut self.senders, &mut self.receivers] {
            seen.retain(|id, pids| !pids.is_empty() && queues.contains(id));
        }
    }

    fn add_sockets(&mut self, look: &mut Look, at: Instant) {
        let mut sockets = Since::new();
        for socket in &mut look.sockets {
            let state = (socket.state.clone(), socket.receive_queue, socket.send_queue);
            let since = since(&self.sockets, &socket.inode, &state, at);
            socket.still_ms = at.duration_since(since).as_millis() as u64;
            sockets.insert(socket.inode, (state, since));
        }
        self.sockets = sockets;
    }

    fn add_queues(&mut self, look: &Look, at: Instant) {
        let mut queues = Since::new();
        for queue in &look.queues {
            // Whatever is sent or received changes the messages, or at least one of these.
            let messages = queue.messages.iter().flatten();
            let mut state = queue.n_messages ^ (queue.last_sender as u64) << 32;
            state = state.rotate_left(7) ^ queue.last_receiver as u64;
            for message in messages {
                state = state.rotate_left(5) ^ message.digest ^ message.mtype as u64;
            }
            let since = since(&self.queues, &queue.msqid, &state, at);
            queues.insert(queue.msqid, (state, since));
            let id = queue.id();
            self.see(&id, queue.last_sender, Action::Send, look);
            self.see(&id, queue.last_receiver, Action::Receive, look);
        }
        self.queues = queues;
        for process in &look.processes {
            for want in process.threads.iter().filter_map(|t| t.wait.as_ref()).flat_map(|w| &w.on) {
                if want.object.kind() == "msg" {
                    self.see(&want.object.clone(), process.pid, want.action, look);
                }
            }
        }
    }

    fn see(&mut self, id: &ObjectId, pid: i32, action: Action, look: &Look) {
        let Some(process) = look.process(pid) else { return };
        let seen = if action == Action::Send { &mut self.senders } else { &mut self.receivers };
        seen.entry(id.clone()).or_default().insert(pid, process.started);
    }

    /// Since when a queue has not changed.
    pub(crate) fn queue_still_ms(&self, msqid: i64, now: Instant) -> u64 {
        let since = self.queues.get(&msqid).map(|(_, since)| *since);
        since.map_or(0, |since| now.duration_since(since).as_millis() as u64)
    }

    /// The processes that were seen to send to a queue.
    pub(crate) fn senders(&self, id: &ObjectId) -> impl Iterator<Item = i32> {
        self.senders.get(id).into_iter().flatten().map(|(&pid, _)| pid)
    }

    /// The processes that were seen to receive, or to wait to receive, from a queue.
    pub(crate) fn receivers(&self, id: &ObjectId) -> impl Iterator<Item = i32> {
        self.receivers.get(id).into_iter().flatten().map(|(&pid, _)| pid)
    }

    /// Whether a process was seen to send to a queue, to receive from one, or to wait at one.
    pub(crate) fn uses_queues(&self, pid: i32) -> bool {
        self.senders.values().chain(self.receivers.values()).any(|seen| seen.contains_key(&pid))
    }

    /// The look before this one.
    pub(crate) fn before(&self) -> Option<&Earlier> {
        self.before.as_ref()
    }

    /// When this look was taken.
    pub(crate) fn now(&self) -> Option<Instant> {
        self.last.as_ref().and_then(|last| last.at)
    }
}

impl Earlier {
    /// A thread, if its process is still the same one.
    pub(crate) fn thread(&self, process: &Process, tid: i32) -> Option<&Thread> {
        let before = self.processes.get(&process.pid)?;
        let is_same = before.started == process.started;
        before.threads.iter().find(|thread| is_same && thread.tid == tid)
    }
}

fn since<K: Eq + std::hash::Hash, V: PartialEq>(
    known: &Since<K, V>,
    key: &K,
    state: &V,
    now: Instant,
) -> Instant {
    known.get(key).filter(|(before, _)| before == state).map_or(now, |(_, since)| *since)
}
