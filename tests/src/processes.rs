//! A server's processes and threads, as /proc shows them.

pub mod family;

use std::fs;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::wait;

/// A thread; a process's first one has the process's id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Thread {
    /// Its name in `ps -L`.
    pub name: String,
    /// The process.
    pub pid: i32,
    /// The thread.
    pub tid: i32,
    /// R, S, D, T, t; never Z or X, because a machine's first process may leave zombies to
    /// themselves.
    pub state: char,
}

/// The living threads of a process group, sorted by name.
pub fn of_group(group: i32) -> Vec<Thread> {
    let mut threads: Vec<Thread> = numbers("/proc")
        .into_iter()
        .filter(|pid| {
            stat(&format!("/proc/{pid}/stat"))
                .is_some_and(|(_, fields)| fields[2] == group.to_string())
        })
        .flat_map(of_process)
        .collect();
    threads.sort();
    threads
}

/// The living threads of one process.
pub fn of_process(pid: i32) -> Vec<Thread> {
    let thread = |tid| {
        let (name, fields) = stat(&format!("/proc/{pid}/task/{tid}/stat"))?;
        let state = fields[0].chars().next().filter(|state| !"ZX".contains(*state))?;
        Some(Thread { name, pid, tid, state })
    };
    numbers(&format!("/proc/{pid}/task")).into_iter().filter_map(thread).collect()
}

/// The name and the fields from the state on, of a stat file. See proc_pid_stat(5).
fn stat(path: &str) -> Option<(String, Vec<String>)> {
    let text = fs::read_to_string(path).ok()?;
    let (start, rest) = text.rsplit_once(')')?;
    let (_, name) = start.split_once('(')?;
    Some((name.to_owned(), rest.split_whitespace().map(str::to_owned).collect()))
}

pub(crate) fn numbers(dir: &str) -> Vec<i32> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// Stops all threads of a process group by SIGSTOP, and waits until none runs any more: the call
/// returns before that.
///
/// # Panics
/// If they do not stop.
pub fn freeze(group: i32) {
    killpg(Pid::from_raw(group), Signal::SIGSTOP).expect("the group is there");
    let is_stopped = |thread: &Thread| thread.state == 'T';
    let all = || of_group(group).iter().all(is_stopped);
    wait::until_true("stopped processes", Duration::from_secs(10), all);
}
