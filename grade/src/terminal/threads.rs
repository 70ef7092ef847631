//! Whose turn it is at a terminal, from what the threads of its session do.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant};

use crate::kernel::processes;
use crate::kernel::thread::{self, Doing};
use crate::kernel::waits::{self, Waits};
use crate::terminal::pty::Terminal;

/// How often the processes of the session are looked for.
const RESCAN: Duration = Duration::from_millis(10);

/// What the threads of a session do, as far as that decides whose turn it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// A thread sleeps in a read of the terminal, and nothing is there to read.
    pub reads: bool,
    /// A thread waits for the terminal among other things.
    pub polls: bool,
    /// A thread runs.
    pub runs: bool,
    /// A thread waits for something else, such as an answer that it will show.
    pub waits: bool,
}

impl Seen {
    /// Whether the person is asked.
    pub fn asks(self) -> bool {
        self.reads || self.polls
    }
}

/// What one thread does.
#[derive(Clone, Copy, Debug)]
enum Role {
    Reads,
    Polls,
    Runs,
    Waits,
}

/// The threads of a session.
#[derive(Debug)]
pub struct Threads {
    /// The process that was started.
    first: i32,
    /// Its processes, as far as they are known.
    processes: Vec<i32>,
    scanned: Instant,
    /// How often each thread had gone to sleep when something was typed last.
    switches: HashMap<i32, u64>,
}

impl Threads {
    /// Those of a process that was just started.
    pub fn of(pid: i32) -> Threads {
        let (processes, switches) = (vec![pid], HashMap::new());
        Threads { first: pid, processes, scanned: Instant::now(), switches }
    }

    /// Something is about to be typed: whoever sleeps now must sleep anew to be asking.
    pub fn sample(&mut self) {
        let known = self.processes.iter().flat_map(|&pid| {
            let tids = thread::of(pid).into_iter();
            tids.filter_map(move |tid| Some((tid, thread::switches(pid, tid)?)))
        });
        self.switches = known.collect();
    }

    /// What they do now.
    pub fn look(&mut self, terminal: &Terminal) -> Seen {
        // This comes first: with nothing to read, whoever sleeps in a read has begun it after that.
        if terminal.has_input() {
            return Seen::default();
        }
        if terminal.is_polled() {
            return Seen { polls: true, ..Seen::default() };
        }
        let seen = self.look_at_known(terminal);
        if seen.asks() || self.scanned.elapsed() < RESCAN {
            return seen;
        }
        self.scanned = Instant::now();
        self.processes = processes::of_session(self.first);
        self.look_at_known(terminal)
    }

    fn look_at_known(&self, terminal: &Terminal) -> Seen {
        let mut seen = Seen::default();
        for &pid in &self.processes {
            for tid in thread::of(pid) {
                match self.role(pid, tid, terminal) {
                    Some(Role::Reads) => seen.reads = true,
                    Some(Role::Polls) => seen.polls = true,
                    Some(Role::Runs) => seen.runs = true,
                    Some(Role::Waits) => seen.waits = true,
                    None => {}
                }
            }
        }
        seen
    }

    /// What a thread does; None if it has ended, or waits for the end of another.
    fn role(&self, pid: i32, tid: i32, terminal: &Terminal) -> Option<Role> {
        let Doing::Sleeps(call) = thread::doing(pid, tid)? else { return Some(Role::Runs) };
        let asks = |descriptors: &[i32]| {
            let is_it = |&number: &i32| is_terminal(pid, number, terminal);
            descriptors.iter().any(is_it) && self.has_slept_anew(pid, tid)
        };
        Some(match waits::of(pid, &call) {
            Waits::Child => return None,
            Waits::At(number) if asks(&[number]) => Role::Reads,
            // It waits for the person only, as GNU readline does.
            Waits::AtOneOf(all, false) if all.len() == 1 && asks(&all) => Role::Reads,
            Waits::AtOneOf(all, _) if asks(&all) => Role::Polls,
            _ => Role::Waits,
        })
    }

    /// Whether a thread has gone to sleep since something was typed.
    fn has_slept_anew(&self, pid: i32, tid: i32) -> bool {
        thread::switches(pid, tid).is_some_and(|now| self.switches.get(&tid) != Some(&now))
    }
}

fn is_terminal(pid: i32, descriptor: i32, terminal: &Terminal) -> bool {
    waits::descriptor(pid, descriptor).is_some_and(|file| terminal.is(file.rdev()))
}
