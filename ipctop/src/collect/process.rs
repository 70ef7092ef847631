//! One process in scope, in full.

use std::fs;
use std::os::unix::fs::MetadataExt;

use procfs::process::Process as Files;

use crate::clean::clean_bytes;
use crate::collect::descriptors::Open;
use crate::collect::namespace::is_same_ipc;
use crate::collect::notes::Notes;
use crate::collect::table::{Row, Table, contents, field};
use crate::collect::thread::{self, ticks_to_ms};
use crate::model::process::{Descriptor, Memory, Process, Signals};
use crate::sys;

/// What the collector may do, and should.
#[derive(Clone, Copy, Debug)]
pub(crate) struct May {
    /// Look into other processes.
    pub(crate) trace: bool,
    /// Count memory.
    pub(crate) count_memory: bool,
}

/// Reads a process; one that ends meanwhile is described as far as it was seen.
pub(crate) fn read(
    pid: i32,
    row: &Row,
    table: &Table,
    open: &Open,
    may: May,
    notes: &mut Notes,
) -> Process {
    let folder = format!("/proc/{pid}");
    let command = contents(&format!("{folder}/cmdline")).unwrap_or_default();
    let command = command.strip_suffix(b"\0").unwrap_or(&command);
    let words: Vec<String> = command.split(|&byte| byte == 0).map(clean_bytes).collect();
    let descriptors = open.of(pid);
    if !is_same_ipc(pid) {
        notes.add("other-ipc-namespace");
    }
    Process {
        pid,
        parent: row.parent,
        group: row.group,
        session: row.session,
        user: row.user,
        name: row.name.clone(),
        command: words.join(" "),
        state: row.state,
        started: row.started,
        cpu_ms: ticks_to_ms(row.ticks),
        cpu_percent: None,
        n_threads: row.n_threads,
        threads: thread::of(pid, descriptors, table, may.trace, notes),
        n_descriptors: open.count(pid),
        descriptors_max: sys::prlimit_nofile(pid).ok().flatten(),
        descriptors: descriptors.into_iter().flatten().map(descriptor).collect(),
        memory: may.count_memory.then(|| memory(pid)).flatten(),
        signals: signals(&folder),
        has_terminal: row.has_terminal,
        program: fs::metadata(format!("{folder}/exe"))
            .ok()
            .map(|found| format!("{}:{}", found.dev(), found.ino())),
        is_asked_for: false,
    }
}

fn descriptor((&number, found): (&i32, &crate::collect::descriptors::Descriptor)) -> Descriptor {
    let object = found.object.clone();
    Descriptor { number, reads: found.reads, writes: found.writes, object }
}

fn memory(pid: i32) -> Option<Memory> {
    let rollup = Files::new(pid).ok()?.smaps_rollup().ok()?;
    let map = rollup.memory_map_rollup.into_iter().next()?;
    let kib = |name| map.extension.map.get(name).map_or(0, |bytes| bytes / 1024);
    Some(Memory { private_dirty_kib: kib("Private_Dirty"), pss_kib: kib("Pss") })
}

fn signals(folder: &str) -> Signals {
    let status = contents(&format!("{folder}/status")).unwrap_or_default();
    let set = |name| {
        field(&status, name).and_then(|set| u64::from_str_radix(set, 16).ok()).unwrap_or_default()
    };
    Signals {
        ignored: set("SigIgn"),
        caught: set("SigCgt"),
        blocked: set("SigBlk"),
        pending: set("SigPnd") | set("ShdPnd"),
    }
}
