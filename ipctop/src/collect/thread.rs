//! The threads of a process: state, CPU time, and the call that each sleeps in.

use std::fs;

use procfs::FromRead;
use procfs::process::Syscall;

use crate::collect::call::{self, Around};
use crate::collect::channel;
use crate::collect::futex;
use crate::collect::notes::Notes;
use crate::collect::stat::Stat;
use crate::collect::table::{contents, field, numbers};
use crate::model::process::Thread;

/// Threads of one process that are looked at; the others are counted.
const THREADS_MAX: usize = 500;

/// A thread, and its call as the kernel says it.
pub(crate) type Seen = (Thread, Option<Syscall>);

/// Reads the threads of a process; also the file `status` of its first one, which tells of the
/// process too.
pub(crate) fn of(
    around: &mut Around<'_>,
    n_threads: u64,
    is_allowed: bool,
) -> (Vec<Seen>, Vec<u8>) {
    let (mut threads, mut first) = (Vec::new(), Vec::new());
    let tids = match n_threads {
        1 => vec![around.pid],
        _ => numbers(&format!("/proc/{}/task", around.pid)),
    };
    for tid in tids.into_iter().take(THREADS_MAX) {
        let status = contents(&format!("/proc/{}/task/{tid}/status", around.pid));
        let status = status.unwrap_or_default();
        threads.extend(read(tid, &status, around, is_allowed));
        if tid == around.pid {
            first = status;
        }
    }
    (threads, first)
}

/// Brings threads up to date that have not run: only what others do can have changed. False if one
/// is about to run, or runs.
pub(crate) fn refresh(
    threads: &mut [Seen],
    only_state: Option<char>,
    around: &mut Around<'_>,
) -> bool {
    for (thread, syscall) in threads {
        // One that was woken, and waits for a CPU, has not run either.
        let state = only_state.or_else(|| Some(stat(around.pid, thread.tid)?.state));
        if state != Some(thread.state) || thread.state == 'R' {
            return false;
        }
        if let Some(syscall) = syscall.filter(|&syscall| depends_on_others(syscall)) {
            thread.wait = call::wait(syscall, around);
        }
    }
    true
}

/// Whether others can change what a sleeping thread waits for: who owns a shared mutex, where a path
/// leads, which children there are.
fn depends_on_others(syscall: Syscall) -> bool {
    let Syscall::Blocked { syscall_number, argument_registers: args, .. } = syscall else {
        return false;
    };
    #[cfg(target_arch = "x86_64")]
    if syscall_number == libc::SYS_open {
        return true;
    }
    match syscall_number {
        libc::SYS_futex => args[1] & futex::PRIVATE == 0,
        libc::SYS_openat | libc::SYS_wait4 | libc::SYS_waitid => true,
        _ => false,
    }
}

/// Notes what could not be seen of the threads of a process that has so many.
pub(crate) fn note(threads: &[Seen], count: u64, notes: &mut Notes) {
    if count > THREADS_MAX as u64 {
        notes.add("threads-not-listed");
    }
    let is_hidden = |(thread, syscall): &&Seen| is_asleep(thread) && syscall.is_none();
    threads.iter().filter(is_hidden).for_each(|_| notes.add("calls-hidden"));
}

fn is_asleep(thread: &Thread) -> bool {
    matches!(thread.state, 'S' | 'D' | 'T' | 't')
}

fn stat(pid: i32, tid: i32) -> Option<Stat> {
    Stat::read(&contents(&format!("/proc/{pid}/task/{tid}/stat")).ok()?)
}

fn read(tid: i32, status: &[u8], around: &mut Around<'_>, is_allowed: bool) -> Option<Seen> {
    let folder = format!("/proc/{}/task/{tid}", around.pid);
    let stat = stat(around.pid, tid)?;
    let count = |name| field(status, name).and_then(|count| count.parse().ok());
    let mut thread = Thread {
        tid,
        state: stat.state,
        user_ms: ticks_to_ms(stat.count(14)),
        system_ms: ticks_to_ms(stat.count(15)),
        sleeps: count("voluntary_ctxt_switches"),
        preemptions: count("nonvoluntary_ctxt_switches"),
        name: stat.name,
        ..Thread::default()
    };
    if thread.state == 'R' {
        thread.moved_bytes = moved_bytes(&folder, true).map(|(read, written)| read + written);
    }
    let mut syscall = None;
    if is_asleep(&thread) {
        let text = contents(&format!("{folder}/syscall")).ok().filter(|_| is_allowed);
        syscall = text.and_then(|text| Syscall::from_read(&text[..]).ok());
        thread.wait = match syscall {
            Some(syscall) => call::wait(syscall, around),
            None => {
                let channel = fs::read_to_string(format!("{folder}/wchan")).unwrap_or_default();
                channel::wait(&channel, around.descriptors)
            }
        };
    }
    Some((thread, syscall))
}

/// Bytes read and written.
pub(crate) fn moved_bytes(folder: &str, is_allowed: bool) -> Option<(u64, u64)> {
    let io = is_allowed.then(|| contents(&format!("{folder}/io")).ok()).flatten()?;
    let count = |name| field(&io, name)?.parse().ok();
    Some((count("rchar")?, count("wchar")?))
}

/// Clock ticks in milliseconds.
pub(crate) fn ticks_to_ms(ticks: u64) -> u64 {
    ticks.saturating_mul(1000) / procfs::ticks_per_second().max(1)
}
