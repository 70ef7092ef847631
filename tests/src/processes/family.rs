//! All processes that came of one that was started, wherever they have gone: into the background, into
//! a session of their own, to another parent.

use std::fs;
use std::process::Command;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::{Pid, getpid};

use crate::processes::numbers;
use crate::wait;

/// The variable of the environment by which a family is known; every child inherits it.
const MARK: &str = "STARTED_BY_HARNESS";
/// SIGKILL takes effect when a process is next scheduled.
const KILL_MAX: Duration = Duration::from_secs(5);

/// A process that was started, and all that came of it.
#[derive(Debug)]
pub struct Family {
    mark: String,
    first: i32,
    /// When the first one started: nobody older belongs to it.
    start: u64,
    /// Those that were seen: one that clears its environment may be no one's child any more.
    known: Vec<Process>,
}

impl Family {
    /// That of a command which is about to be started.
    pub fn of(command: &mut Command) -> Family {
        let number = format!("{}.{:016x}", getpid(), fastrand::u64(..));
        command.env(MARK, &number);
        Family { mark: format!("{MARK}={number}"), first: 0, start: 0, known: Vec::new() }
    }

    /// Tells which process it has become.
    pub fn begins_with(&mut self, first: i32) {
        self.first = first;
        self.start = Process::read(first).map_or(0, |process| process.start);
    }

    /// Looks who belongs to it, before some of them lose their parents.
    pub fn look(&mut self) {
        for process in self.alive() {
            if !self.known.contains(&process) {
                self.known.push(process);
            }
        }
    }

    /// Whether a process of this id has been seen.
    pub fn has(&self, pid: i32) -> bool {
        pid == self.first || self.known.iter().any(|process| process.pid == pid)
    }

    /// Those that live: who was seen, their children's children, the process group, whoever has the
    /// mark.
    fn alive(&self) -> Vec<Process> {
        let mut all = all();
        all.retain(|process| process.start >= self.start);
        let is_known = |it: &Process| {
            self.known.contains(it) || it.group == self.first || has_mark(it.pid, &self.mark)
        };
        let (mut found, mut others): (Vec<_>, Vec<_>) = all.into_iter().partition(is_known);
        loop {
            let is_child = |it: &Process| found.iter().any(|parent| parent.pid == it.parent);
            let (children, rest): (Vec<_>, Vec<_>) = others.into_iter().partition(is_child);
            if children.is_empty() {
                return found;
            }
            found.extend(children);
            others = rest;
        }
    }

    /// Who lives, for a person.
    pub fn names(&self) -> Vec<String> {
        self.alive().iter().map(|process| name(process.pid)).collect()
    }

    /// Kills whoever lives, until nobody does. The first process is its starter's to reap.
    pub fn end(&self) {
        wait::patiently(KILL_MAX, || {
            let alive = self.alive();
            for process in &alive {
                kill_one(process.pid);
                if process.pid != self.first {
                    reap(process.pid);
                }
            }
            alive.is_empty().then_some(())
        });
    }
}

/// A living process, as far as it matters to whom it belongs.
#[derive(Clone, Copy, Debug)]
struct Process {
    pid: i32,
    /// When it started: an id comes back, for another process.
    start: u64,
    parent: i32,
    group: i32,
}

impl PartialEq for Process {
    fn eq(&self, other: &Process) -> bool {
        (self.pid, self.start) == (other.pid, other.start)
    }
}

impl Process {
    /// A process that lives; a zombie does not. See proc_pid_stat(5).
    fn read(pid: i32) -> Option<Process> {
        let text = fs::read(format!("/proc/{pid}/stat")).ok()?;
        // The name may have any bytes in it, and is cut nowhere else.
        let behind = text.iter().rposition(|byte| *byte == b')')? + 2;
        let mut fields = str::from_utf8(&text[behind..]).ok()?.split(' ');
        let is_alive = !["Z", "X"].contains(&fields.next()?);
        let [parent, group] = [fields.next()?, fields.next()?].map(|field| field.parse().ok());
        let start = fields.nth(16)?.parse().ok()?;
        is_alive.then_some(Process { pid, start, parent: parent?, group: group? })
    }
}

/// All that live.
fn all() -> Vec<Process> {
    numbers("/proc").into_iter().filter_map(Process::read).collect()
}

fn has_mark(pid: i32, mark: &str) -> bool {
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
}

/// A process for a person: ``process 42, `sleep 600` ``.
fn name(pid: i32) -> String {
    let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let words: Vec<_> = words.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
    format!("process {pid}, `{}`", words.join(" ").trim_end())
}

fn kill_one(pid: i32) {
    // It may be gone by now.
    let _: Result<(), Errno> = kill(Pid::from_raw(pid), Signal::SIGKILL);
}

/// Reaps a process that is a child of this one, by birth or by adoption, if it has ended.
fn reap(pid: i32) {
    let _: Result<_, Errno> = waitpid(Pid::from_raw(pid), Some(WaitPidFlag::WNOHANG));
}

/// Has this process adopt the orphans of those that it starts, so that none gets away.
///
/// # Panics
/// Never: Linux has had this since 3.4.
pub(crate) fn adopt_orphans() {
    set_child_subreaper(true).expect("Linux has it since 3.4");
}

/// Kills the children of this process, which the caller knows to be adopted; who they were.
pub fn end_adopted() -> Vec<String> {
    let mine = getpid().as_raw();
    let mut killed = Vec::new();
    wait::patiently(KILL_MAX, || {
        let children: Vec<_> = all().into_iter().filter(|it| it.parent == mine).collect();
        for child in &children {
            let named = name(child.pid);
            if !killed.contains(&named) {
                killed.push(named);
            }
            kill_one(child.pid);
            reap(child.pid);
        }
        children.is_empty().then_some(())
    });
    killed
}
