//! What rules ask about a look.

use std::collections::HashMap;

use crate::collect::table::Table;
use crate::history::History;
use crate::messages::Messages;
use crate::model::finding::Value;
use crate::model::look::Look;
use crate::model::object::{MessageQueue, ObjectId, Pipe, Socket};
use crate::model::process::{Action, Process, Thread, Wait};

/// From this time on a wait is no coincidence: a server under load does something in it.
pub(super) const STILL_MS: u64 = 150;

/// PIDs up to this one are given out once only, before programs of users start.
const RESERVED_PIDS: i32 = 300;
/// Kinds of messages are numbered up to this, where all PIDs are small: in a container.
const KINDS: i32 = 9;
/// No PID is larger: PID_MAX_LIMIT of the kernel.
const PID_MAX: i64 = 1 << 22;

/// A look, and what was known before it.
#[derive(Clone, Copy)]
pub(super) struct Facts<'a> {
    /// The look.
    pub(super) look: &'a Look,
    /// All processes of the machine.
    pub(super) table: &'a Table,
    /// What earlier looks saw.
    pub(super) history: &'a History,
    messages: &'a Messages,
    found: &'a Found<'a>,
}

/// What rules look for again and again, found once.
pub(super) struct Found<'a> {
    objects: HashMap<ObjectId, Object<'a>>,
    waiting: Vec<Waiting<'a>>,
    /// Who waits at an object, by the places in `waiting`.
    waiting_at: HashMap<&'a ObjectId, Vec<usize>>,
}

#[derive(Clone, Copy)]
enum Object<'a> {
    Pipe(&'a Pipe),
    Queue(&'a MessageQueue),
    Socket(&'a Socket),
}

/// A thread that has waited in one call for [`STILL_MS`] at least.
#[derive(Clone, Copy)]
pub(super) struct Waiting<'a> {
    /// Its process.
    pub(super) process: &'a Process,
    /// The thread.
    pub(super) thread: &'a Thread,
    /// Its call.
    pub(super) wait: &'a Wait,
}

impl<'a> Found<'a> {
    /// That of a look.
    pub(super) fn new(look: &'a Look) -> Found<'a> {
        let pipes = look.pipes.iter().map(|pipe| (pipe.id.clone(), Object::Pipe(pipe)));
        let queues = look.queues.iter().map(|queue| (queue.id(), Object::Queue(queue)));
        let sockets = look.sockets.iter().map(|socket| (socket.id(), Object::Socket(socket)));
        let waiting: Vec<Waiting<'a>> = look.processes.iter().flat_map(waiting_in).collect();
        let mut waiting_at = HashMap::<&ObjectId, Vec<usize>>::new();
        for (at, one) in waiting.iter().enumerate() {
            for want in &one.wait.on {
                waiting_at.entry(&want.object).or_default().push(at);
            }
        }
        Found { objects: pipes.chain(queues).chain(sockets).collect(), waiting, waiting_at }
    }
}

impl<'a> Facts<'a> {
    /// Those of a look.
    pub(super) fn new(
        look: &'a Look,
        found: &'a Found<'a>,
        table: &'a Table,
        history: &'a History,
        messages: &'a Messages,
    ) -> Facts<'a> {
        Facts { look, table, history, messages, found }
    }

    /// The threads that wait, and are not stopped.
    pub(super) fn waiting(self) -> impl Iterator<Item = Waiting<'a>> {
        self.found.waiting.iter().copied()
    }

    /// The threads that wait to do something with an object.
    pub(super) fn waiting_for(
        self,
        object: &'a ObjectId,
        action: Action,
    ) -> impl Iterator<Item = Waiting<'a>> {
        let places = self.found.waiting_at.get(object).into_iter().flatten();
        let waiting = places.map(move |&at| self.found.waiting[at]);
        waiting.filter(move |waiting| waiting.wait.wants(object, action))
    }

    /// The name and PID of a process, in scope or not.
    pub(super) fn label(&self, pid: i32) -> String {
        match (self.look.process(pid), self.table.get(pid)) {
            (Some(process), _) => process.label(),
            (None, Some(row)) => format!("{} ({pid})", row.name),
            (None, None) => format!("({pid})"),
        }
    }

    /// The names and PIDs of several processes.
    pub(super) fn labels(&self, pids: impl IntoIterator<Item = i32>) -> String {
        let labels: Vec<String> = pids.into_iter().map(|pid| self.label(pid)).collect();
        labels.join(", ")
    }

    /// Whether a process or thread is there and can act.
    pub(super) fn is_alive(&self, id: i32) -> bool {
        id > 0 && self.table.process_of(id).is_some()
    }

    /// Whether a message's type can be the PID or thread id of a program that is alive. A small one
    /// is more likely a kind of message: in a container any program may have it as its PID, so that
    /// one must have to do with queues, or be asked for.
    pub(super) fn is_program(&self, id: i32) -> bool {
        let process = if id > 2 { self.table.process_of(id) } else { None };
        let is_asked = |pid| self.look.process(pid).is_some_and(|process| process.is_asked_for);
        process.is_some_and(|pid| {
            let is_likely = id > RESERVED_PIDS
                || self.look.is_narrow() && is_asked(pid)
                || self.history.uses_queues(pid);
            is_likely && !self.table.is_kernel(pid)
        })
    }

    /// Whether a message's type can be the PID of a program that is dead.
    pub(super) fn is_dead_program(&self, mtype: i64) -> bool {
        // Where the kernel's threads are in sight, the small numbers are theirs.
        let kinds = if self.table.has_kernel() { RESERVED_PIDS } else { KINDS };
        mtype > i64::from(kinds) && mtype <= PID_MAX && !self.is_alive(mtype as i32)
    }

    /// Whether a process is stopped by SIGSTOP or SIGTSTP.
    pub(super) fn is_stopped(&self, pid: i32) -> bool {
        self.table.get(pid).is_some_and(|row| row.state == 'T')
    }

    /// Whether a process may do something by itself: it runs, or waits for a CPU or a disk, or cannot
    /// be seen. On a loaded machine that can take long, and is nobody's fault.
    pub(super) fn may_act(&self, pid: i32) -> bool {
        let acts = |process: &Process| process.threads.iter().any(|t| matches!(t.state, 'R' | 'D'));
        self.look.process(pid).is_none_or(acts)
    }

    /// A word of the language that was asked for.
    pub(super) fn say(&self, name: &str) -> String {
        self.messages.say(name)
    }

    /// What a process does, in a few words.
    pub(super) fn doing(&self, pid: i32) -> String {
        if self.is_stopped(pid) {
            return self.messages.say("does-stopped");
        }
        let Some(process) = self.look.process(pid) else {
            return self.messages.say("does-unknown");
        };
        let call = process.threads.iter().find_map(|thread| thread.wait.as_ref());
        match call {
            Some(wait) => {
                self.messages.say_with("does-wait", &[("call", Value::Text(wait.call.clone()))])
            }
            None => self.messages.say("does-run"),
        }
    }

    /// A pipe.
    pub(super) fn pipe(self, id: &ObjectId) -> Option<&'a Pipe> {
        match self.found.objects.get(id) {
            Some(Object::Pipe(pipe)) => Some(pipe),
            _ => None,
        }
    }

    /// A queue.
    pub(super) fn queue(self, id: &ObjectId) -> Option<&'a MessageQueue> {
        match self.found.objects.get(id) {
            Some(Object::Queue(queue)) => Some(queue),
            _ => None,
        }
    }

    /// A socket.
    pub(super) fn socket(self, id: &ObjectId) -> Option<&'a Socket> {
        match self.found.objects.get(id) {
            Some(Object::Socket(socket)) => Some(socket),
            _ => None,
        }
    }

    /// Whether a queue has not changed for [`STILL_MS`].
    pub(super) fn is_still(&self, queue: &MessageQueue) -> bool {
        let now = self.history.now();
        now.is_some_and(|now| self.history.queue_still_ms(queue.msqid, now) >= STILL_MS)
    }

    /// What a user would call an object.
    pub(super) fn name(&self, id: &ObjectId) -> String {
        match id.kind() {
            "pipe" => self.pipe(id).map_or_else(|| id.to_string(), Pipe::name),
            "msg" => self.queue(id).map_or_else(|| id.to_string(), MessageQueue::name),
            "socket" => self.socket(id).map_or_else(|| id.to_string(), Socket::name),
            "posix" | "mqueue" => {
                let found = self.look.posix.iter().find(|object| object.id == *id);
                found.map_or_else(|| id.to_string(), |object| object.name.clone())
            }
            "file" => {
                let found = self.look.locks.iter().find(|lock| lock.object == *id);
                found.and_then(|lock| lock.path.clone()).unwrap_or_else(|| id.to_string())
            }
            _ => id.to_string(),
        }
    }
}

/// The threads of a process that wait.
pub(super) fn waiting_in(process: &Process) -> impl Iterator<Item = Waiting<'_>> {
    process.threads.iter().filter_map(move |thread| {
        let wait = thread.wait.as_ref()?;
        let is_asleep = matches!(thread.state, 'S' | 'D') && thread.still_ms >= STILL_MS;
        is_asleep.then_some(Waiting { process, thread, wait })
    })
}

impl Pipe {
    /// The path of a FIFO, or `pipe` and its inode.
    pub fn name(&self) -> String {
        let inode = self.id.0.rsplit(':').next().unwrap_or_default();
        self.path.clone().unwrap_or_else(|| format!("pipe {inode}"))
    }
}

impl MessageQueue {
    /// Its name among the objects.
    pub fn id(&self) -> ObjectId {
        ObjectId::system_v("msg", self.msqid)
    }

    /// Its key in hexadecimal, as ipcs(1) shows it.
    pub fn name(&self) -> String {
        format!("0x{:08x} (id {})", self.key, self.msqid)
    }
}

impl Socket {
    /// Its two addresses.
    pub fn name(&self) -> String {
        match (self.local.is_empty(), self.remote.is_empty()) {
            (true, true) => format!("{} socket {}", self.family, self.inode),
            (_, true) => self.local.clone(),
            _ => format!("{} -> {}", self.local, self.remote),
        }
    }
}
