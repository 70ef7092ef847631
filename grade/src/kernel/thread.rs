//! What a thread does: it runs, or it sleeps in a system call.

use std::fs;
use std::path::Path;

use procfs::FromRead;
use procfs::process::Syscall;

/// What a thread does at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// It runs, or is about to.
    Runs,
    /// It sleeps in this system call.
    Sleeps(Call),
    /// It sleeps outside of a call, or the kernel does not say.
    Unknown,
}

/// A system call that has not returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its number on this machine.
    pub number: i64,
    /// Its arguments.
    pub arguments: [u64; 6],
}

/// The threads of a process.
pub fn of(pid: i32) -> Vec<i32> {
    let entries = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// The thread of a process that shows in /proc what all of them share: files, memory and program. It is
/// the first one, unless that has ended before the others.
pub fn living(pid: i32) -> i32 {
    let lives = |tid: &i32| Path::new(&format!("/proc/{tid}/exe")).exists();
    if lives(&pid) { pid } else { of(pid).into_iter().find(lives).unwrap_or(pid) }
}

/// What a thread does; None if it has ended.
pub fn doing(pid: i32, tid: i32) -> Option<Doing> {
    let text = match fs::read(format!("/proc/{pid}/task/{tid}/syscall")) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            return Some(Doing::Unknown);
        }
        Err(_) => return None,
    };
    Some(match Syscall::from_read(&text[..]) {
        Ok(Syscall::Running) => Doing::Runs,
        Ok(Syscall::Blocked { syscall_number: number, argument_registers: arguments, .. })
            if number >= 0 =>
        {
            Doing::Sleeps(Call { number, arguments })
        }
        _ => Doing::Unknown,
    })
}

/// How often a thread has gone to sleep by itself.
pub fn switches(pid: i32, tid: i32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/task/{tid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
    line.trim().parse().ok()
}
