//! A process, its threads, and what each of them waits for.

use serde::Serialize;

use crate::model::object::ObjectId;

/// A process in scope.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Process {
    /// Its PID.
    pub pid: i32,
    /// The PID of its parent.
    pub parent: i32,
    /// Its process group.
    pub group: i32,
    /// Its session.
    pub session: i32,
    /// Its effective user.
    pub user: u32,
    /// The name of its first thread.
    pub name: String,
    /// Its command line.
    pub command: String,
    /// R, S, D, T, t or Z. See proc_pid_stat(5).
    pub state: char,
    /// When it started, in clock ticks since the machine did; with the PID, this names it for good.
    pub started: u64,
    /// CPU time used so far, in milliseconds.
    pub cpu_ms: u64,
    /// CPU use since the last look, in percent of one CPU.
    pub cpu_percent: Option<f64>,
    /// How often its threads gave the CPU away since the last look, by themselves or not, per second.
    pub switches_per_s: Option<f64>,
    /// Bytes that it has read so far through read(2) and its like, if that may be seen.
    pub read_bytes: Option<u64>,
    /// Bytes that it has written so far through write(2) and its like.
    pub written_bytes: Option<u64>,
    /// Bytes that it has read since the last look, per second.
    pub read_per_s: Option<f64>,
    /// Bytes that it has written since the last look, per second.
    pub written_per_s: Option<f64>,
    /// How many threads it has; not all need to be listed.
    pub n_threads: u64,
    /// Its threads.
    pub threads: Vec<Thread>,
    /// How many descriptors it has open, if that could be seen.
    pub n_descriptors: Option<u64>,
    /// How many it may have (soft RLIMIT_NOFILE).
    pub descriptors_max: Option<u64>,
    /// Its descriptors of pipes, sockets, POSIX objects and locked files.
    pub descriptors: Vec<Descriptor>,
    /// Its memory, if that was looked at.
    pub memory: Option<Memory>,
    /// Its signals.
    pub signals: Signals,
    /// Whether it has a controlling terminal.
    pub has_terminal: bool,
    /// Device and inode of its program.
    pub program: Option<String>,
    /// Whether it was asked for, not only found through an object that it shares.
    pub is_asked_for: bool,
}

/// Memory of a process.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Memory {
    /// KiB that only it has and has written.
    pub private_dirty_kib: u64,
    /// KiB, shared pages divided by the number of their users.
    pub pss_kib: u64,
}

/// Sets of signals; bit N - 1 is signal N. See proc_pid_status(5).
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Signals {
    /// Ignored.
    pub ignored: u64,
    /// Caught by a handler.
    pub caught: u64,
    /// Blocked by the first thread.
    pub blocked: u64,
    /// Pending, for the process or its first thread.
    pub pending: u64,
}

/// A descriptor of an object.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Descriptor {
    /// Its number.
    pub number: i32,
    /// Whether it can be read from; of anything but a pipe or POSIX queue, this is not looked at.
    pub reads: bool,
    /// Whether it can be written to; as above.
    pub writes: bool,
    /// What it refers to.
    pub object: ObjectId,
}

/// A thread.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Thread {
    /// Its thread id; that of a process's first thread is the PID.
    pub tid: i32,
    /// Its name.
    pub name: String,
    /// R, S, D, T, t, Z or X.
    pub state: char,
    /// CPU time used in user mode, in milliseconds.
    pub user_ms: u64,
    /// CPU time used in the kernel, in milliseconds.
    pub system_ms: u64,
    /// How often it went to sleep by itself, if that could be seen.
    pub sleeps: Option<u64>,
    /// How often it was made to give the CPU away.
    pub preemptions: Option<u64>,
    /// The call that it waits in.
    pub wait: Option<Wait>,
    /// It has waited at least so long, in milliseconds: since it was first seen with these counts.
    pub still_ms: u64,
    /// CPU time that it was seen to use since it last went to sleep, in milliseconds.
    pub awake_cpu_ms: u64,
    /// Bytes that it has read and written so far through files and pipes, if it runs.
    pub moved_bytes: Option<u64>,
}

/// A call that a thread waits in.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Wait {
    /// The name of the call.
    pub call: String,
    /// What it wants to do with each of these objects.
    pub on: Vec<Want>,
    /// The type of message it wants (msgrcv).
    pub message_type: Option<i64>,
    /// Whether it wants any message but that type (MSG_EXCEPT).
    pub is_except: bool,
    /// Bytes that it wants to send or to receive.
    pub bytes: Option<u64>,
    /// The path that it wants to open.
    pub path: Option<String>,
    /// The process or thread that it waits for: a child, or the owner of a mutex.
    pub process: Option<i32>,
    /// Whether it stops waiting by itself, after some time.
    pub has_deadline: bool,
    /// Whether the object is known from the call's arguments, not guessed from open descriptors.
    pub is_exact: bool,
}

/// An object that a call waits for, and what for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Want {
    /// The object.
    pub object: ObjectId,
    /// What the thread wants to do.
    pub action: Action,
}

/// What a thread wants to do with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Read, receive, accept: wait for something to arrive.
    Receive,
    /// Write, send: wait for room.
    Send,
    /// Open a FIFO for reading.
    OpenRead,
    /// Open a FIFO for writing.
    OpenWrite,
    /// Take a lock, a semaphore or a mutex.
    Take,
    /// Wait for the end of a process.
    Reap,
}

impl Process {
    /// Its name and PID, as findings and the screen say it.
    pub fn label(&self) -> String {
        format!("{} ({})", self.name, self.pid)
    }

    /// Whether a signal is in one of its sets.
    pub fn has(set: u64, signal: i32) -> bool {
        (1..=64).contains(&signal) && set >> (signal - 1) & 1 == 1
    }

    /// Whether it has ended or is stopped: T and Z act no more.
    pub fn is_stopped(&self) -> bool {
        self.state == 'T'
    }
}

impl Wait {
    /// Whether it waits for something to arrive at this object.
    pub fn receives_from(&self, object: &ObjectId) -> bool {
        self.wants(object, Action::Receive)
    }

    /// Whether it waits to do this with this object.
    pub fn wants(&self, object: &ObjectId, action: Action) -> bool {
        self.on.iter().any(|want| want.object == *object && want.action == action)
    }

    /// Whether a message of this type would end a msgrcv.
    pub fn takes_type(&self, mtype: i64) -> bool {
        match self.message_type {
            None | Some(0) => true,
            Some(wanted) if wanted < 0 => mtype <= wanted.saturating_neg(),
            Some(wanted) => (mtype == wanted) != self.is_except,
        }
    }
}
