//! One process in scope, in full.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt;

use crate::clean::clean_bytes;
use crate::collect::call::Around;
use crate::collect::index::{Index, Known};
use crate::collect::memory::Memory;
use crate::collect::notes::Notes;
use crate::collect::table::{Row, Table, contents, field};
use crate::collect::thread::{self, Seen, moved_bytes, ticks_to_ms};
use crate::model::process::{Descriptor, Process, Signals};
use crate::sys;

/// The details of processes: those of one that has not run stay as they are.
#[derive(Debug, Default)]
pub(crate) struct Details {
    kept: HashMap<i32, Kept>,
}

/// What was read of a process.
#[derive(Debug)]
struct Kept {
    cpu_ns: Option<u64>,
    process: Process,
    threads: Vec<Seen>,
}

/// What processes are read with.
#[derive(Clone, Copy)]
pub(crate) struct Sight<'a> {
    /// All processes.
    pub(crate) table: &'a Table,
    /// What is known of them.
    pub(crate) open: &'a Index,
    /// Whether it may look into them.
    pub(crate) may_trace: bool,
}

impl Details {
    /// Reads these processes; one that ends meanwhile is described as far as it was seen.
    pub(crate) fn read(
        &mut self,
        members: &std::collections::BTreeMap<i32, bool>,
        sight: Sight<'_>,
        notes: &mut Notes,
    ) -> Vec<Process> {
        let mut old = std::mem::take(&mut self.kept);
        let mut processes = Vec::with_capacity(members.len());
        for (&pid, &is_asked_for) in members {
            let (Some(row), Some(known)) = (sight.table.get(pid), sight.open.get(pid)) else {
                continue;
            };
            let kept = old.remove(&pid).and_then(|kept| kept.refreshed(row, known, sight));
            let mut kept = kept.unwrap_or_else(|| Kept::read(pid, row, known, sight));
            kept.process.is_asked_for = is_asked_for;
            thread::note(&kept.threads, row.n_threads, notes);
            if !known.is_same_ipc {
                notes.add("other-ipc-namespace");
            }
            let mut process = kept.process.clone();
            process.threads = kept.threads.iter().map(|(thread, _)| thread.clone()).collect();
            processes.push(process);
            self.kept.insert(pid, kept);
        }
        processes
    }
}

impl Kept {
    /// The same, if the process has not run since it was read: then only others can have changed it.
    fn refreshed(mut self, row: &Row, known: &Known, sight: Sight<'_>) -> Option<Kept> {
        let process = &mut self.process;
        if self.cpu_ns.is_none() || self.cpu_ns != known.cpu_ns || process.started != row.started {
            return None;
        }
        let pid = process.pid;
        let mut memory = Memory::of(pid, sight.may_trace);
        let mut around = around(pid, known, sight, &mut memory);
        let only_state = (row.n_threads == 1).then_some(row.state);
        if !thread::refresh(&mut self.threads, only_state, &mut around) {
            return None;
        }
        place(process, row);
        if process.signals.blocked != 0 {
            let status = contents(&format!("/proc/{pid}/status"));
            process.signals = signals(&status.unwrap_or_default());
        }
        process.descriptors_max = sys::prlimit_nofile(pid).ok().flatten();
        Some(self)
    }

    fn read(pid: i32, row: &Row, known: &Known, sight: Sight<'_>) -> Kept {
        let folder = format!("/proc/{pid}");
        let command = contents(&format!("{folder}/cmdline")).unwrap_or_default();
        let command = command.strip_suffix(b"\0").unwrap_or(&command);
        let words: Vec<String> = command.split(|&byte| byte == 0).map(clean_bytes).collect();
        let mut memory = Memory::of(pid, sight.may_trace);
        let mut around = around(pid, known, sight, &mut memory);
        let (threads, status) = thread::of(&mut around, row.n_threads, sight.may_trace);
        let (read_bytes, written_bytes) = moved_bytes(&folder, sight.may_trace).unzip();
        let program = fs::metadata(format!("{folder}/exe")).ok();
        let mut process = Process {
            pid,
            command: words.join(" "),
            started: row.started,
            read_bytes,
            written_bytes,
            n_descriptors: known.n_descriptors,
            descriptors_max: sys::prlimit_nofile(pid).ok().flatten(),
            descriptors: sight.open.of(pid).into_iter().flatten().map(descriptor).collect(),
            signals: signals(&status),
            program: program.map(|found| format!("{}:{}", found.dev(), found.ino())),
            ..Process::default()
        };
        place(&mut process, row);
        Kept { cpu_ns: known.cpu_ns, process, threads }
    }
}

fn around<'a>(pid: i32, known: &Known, sight: Sight<'a>, memory: &'a mut Memory) -> Around<'a> {
    let descriptors = sight.open.of(pid);
    Around { pid, is_same_ipc: known.is_same_ipc, descriptors, memory, table: sight.table }
}

/// Its place among the others, and what `stat` says of it.
fn place(process: &mut Process, row: &Row) {
    process.parent = row.parent;
    process.group = row.group;
    process.session = row.session;
    process.user = row.user;
    process.name.clone_from(&row.name);
    process.state = row.state;
    process.cpu_ms = ticks_to_ms(row.ticks);
    process.n_threads = row.n_threads;
    process.has_terminal = row.has_terminal;
}

fn descriptor((&number, found): (&i32, &crate::collect::descriptors::Descriptor)) -> Descriptor {
    let object = found.object.clone();
    Descriptor { number, reads: found.reads, writes: found.writes, object }
}

fn signals(status: &[u8]) -> Signals {
    let set = |name| {
        field(status, name).and_then(|set| u64::from_str_radix(set, 16).ok()).unwrap_or_default()
    };
    Signals {
        ignored: set("SigIgn"),
        caught: set("SigCgt"),
        blocked: set("SigBlk"),
        pending: set("SigPnd") | set("ShdPnd"),
    }
}
