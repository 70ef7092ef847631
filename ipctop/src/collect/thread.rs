//! The threads of a process: state, CPU time, and the call that each sleeps in.

use std::fs;

use procfs::FromRead;
use procfs::process::{Stat, Syscall};

use crate::clean::clean;
use crate::collect::call::{self, Around};
use crate::collect::channel;
use crate::collect::descriptors::Descriptors;
use crate::collect::memory::Memory;
use crate::collect::notes::Notes;
use crate::collect::table::{Table, contents, field, numbers};
use crate::model::process::Thread;

/// Threads of one process that are looked at; the others are counted.
const THREADS_MAX: usize = 500;

/// Reads the threads of a process.
pub(crate) fn of(
    pid: i32,
    descriptors: Option<&Descriptors>,
    table: &Table,
    is_allowed: bool,
    notes: &mut Notes,
) -> Vec<Thread> {
    let mut memory = Memory::of(pid, is_allowed);
    let tids = numbers(&format!("/proc/{pid}/task"));
    if tids.len() > THREADS_MAX {
        notes.add("threads-not-listed");
    }
    let mut threads = Vec::new();
    for tid in tids.into_iter().take(THREADS_MAX) {
        let mut around = Around { pid, descriptors, memory: &mut memory, table };
        threads.extend(read(tid, &mut around, is_allowed, notes));
    }
    threads
}

fn read(tid: i32, around: &mut Around<'_>, is_allowed: bool, notes: &mut Notes) -> Option<Thread> {
    let folder = format!("/proc/{}/task/{tid}", around.pid);
    let stat = Stat::from_read(&contents(&format!("{folder}/stat")).ok()?[..]).ok()?;
    let status = contents(&format!("{folder}/status")).unwrap_or_default();
    let count = |name| field(&status, name).and_then(|count| count.parse().ok());
    let mut thread = Thread {
        tid,
        name: clean(&stat.comm),
        state: stat.state,
        user_ms: ticks_to_ms(stat.utime),
        system_ms: ticks_to_ms(stat.stime),
        sleeps: count("voluntary_ctxt_switches"),
        preemptions: count("nonvoluntary_ctxt_switches"),
        wait: None,
        still_ms: 0,
        awake_cpu_ms: 0,
        moved_bytes: None,
    };
    if thread.state == 'R' {
        thread.moved_bytes = moved_bytes(&folder);
    }
    if matches!(thread.state, 'S' | 'D' | 'T' | 't') {
        let syscall = contents(&format!("{folder}/syscall"));
        let syscall = syscall.ok().and_then(|text| Syscall::from_read(&text[..]).ok());
        thread.wait = match syscall {
            Some(syscall) if is_allowed => call::wait(syscall, around),
            _ => {
                notes.add("calls-hidden");
                let channel = fs::read_to_string(format!("{folder}/wchan")).unwrap_or_default();
                channel::wait(&channel, around.descriptors)
            }
        };
    }
    Some(thread)
}

fn moved_bytes(folder: &str) -> Option<u64> {
    let io = contents(&format!("{folder}/io")).ok()?;
    let count = |name| field(&io, name).and_then(|count| count.parse::<u64>().ok());
    Some(count("rchar")? + count("wchar")?)
}

/// Clock ticks in milliseconds.
pub(crate) fn ticks_to_ms(ticks: u64) -> u64 {
    ticks.saturating_mul(1000) / procfs::ticks_per_second().max(1)
}
