//! A program on a terminal: it is typed to, line by line, and it is known when it asks again.

use std::collections::HashMap;
use std::io;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::kernel::processes;
use crate::kernel::thread::{self, Doing};
use crate::kernel::waits::{self, Waits};
use crate::launch::launcher::Launcher;
use crate::launch::process::Process;
use crate::launch::program::{Program, Streams};
use crate::patience::Patience;
use crate::terminal::pty::Terminal;
use crate::terminal::transcript::Transcript;
use crate::terminal::turn::{Ending, Stuck};

/// More than this in one turn, in bytes, is no answer.
const FLOOD: u64 = 200_000;
/// A client that asks without the awaited answer may have another thread that shows it.
const LATE_ANSWER: Duration = Duration::from_millis(250);
/// A client of several threads that has begun its answer may go on with it.
const REST_OF_ANSWER: Duration = Duration::from_millis(50);
/// The pause between two looks: at first, and at most.
const PAUSE: (Duration, Duration) = (Duration::from_micros(200), Duration::from_millis(2));
/// How often the processes of the session are looked for.
const RESCAN: Duration = Duration::from_millis(10);

/// What a turn waits for.
#[derive(Clone, Copy)]
pub struct Awaited<'a> {
    /// Whether a text holds the answer; None: no answer is awaited.
    pub answer: Option<&'a dyn Fn(&str) -> bool>,
    /// How long a client that waits in poll, select or readline must be silent.
    pub settle: Duration,
}

/// A program that leads a session on a terminal of its own.
#[derive(Debug)]
pub struct Session {
    process: Process,
    terminal: Terminal,
    transcript: Transcript,
    patience: Patience,
    status: Option<ExitStatus>,
    /// Its processes, as far as they are known.
    processes: Vec<i32>,
    scanned: Instant,
    /// How often each of its threads had gone to sleep when something was typed last.
    switches: HashMap<i32, u64>,
    typed: Instant,
    received: u64,
}

/// What the threads of a session do, as far as that decides whose turn it is.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    /// A thread sleeps in a read of the terminal, and nothing is there to read.
    reads: bool,
    /// A thread waits for the terminal among other things.
    polls: bool,
    /// A thread runs.
    runs: bool,
    /// A thread waits for something else, such as an answer that it will show.
    waits: bool,
}

/// What one thread does.
#[derive(Clone, Copy, Debug)]
enum Role {
    Reads,
    Polls,
    Runs,
    Waits,
}

impl Session {
    /// Starts a program; what it shows is added to a transcript.
    ///
    /// # Errors
    /// Those of opening a terminal and of [`Launcher::start`].
    pub fn start(
        launcher: &Launcher,
        program: &Program,
        transcript: Transcript,
        patience: Patience,
    ) -> io::Result<Session> {
        let terminal = Terminal::open()?;
        let received = transcript.received();
        let process = launcher.start(program, Streams::Terminal(terminal.slave()?))?;
        let (pid, now) = (process.pid(), Instant::now());
        Ok(Session {
            process,
            terminal,
            transcript,
            patience,
            status: None,
            processes: vec![pid],
            scanned: now,
            switches: HashMap::new(),
            typed: now,
            received,
        })
    }

    /// The process that was started.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// All that was shown.
    pub fn text(&self) -> &str {
        self.transcript.text()
    }

    /// Ends it by SIGKILL, and gives what it has shown.
    pub fn end(&mut self) -> Transcript {
        let begin = Instant::now();
        let _ = self.process.signal(Signal::SIGKILL);
        while !self.is_over() && begin.elapsed() < self.patience.turn() {
            self.terminal.wait(PAUSE.0);
        }
        self.drain();
        std::mem::take(&mut self.transcript)
    }

    /// Types: a line, or keys without Enter.
    ///
    /// # Errors
    /// See write(2).
    pub fn type_keys(&mut self, keys: &str) -> io::Result<()> {
        // What came before it was typed belongs to before, and whoever slept then must sleep anew.
        self.drain();
        let known = self.processes.iter().flat_map(|&pid| {
            let tids = thread::of(pid).into_iter();
            tids.filter_map(move |tid| Some((tid, thread::switches(pid, tid)?)))
        });
        self.switches = known.collect();
        self.received = self.transcript.received();
        if keys.ends_with('\n') {
            self.transcript.enter();
        }
        self.typed = Instant::now();
        self.terminal.write(keys.as_bytes())
    }

    /// Waits until it is the person's turn again; the answer is looked for in the text from `begin`.
    ///
    /// If it does not come in time, these processes are looked at, too.
    pub fn wait(&mut self, awaited: Awaited<'_>, begin: usize, others: &[i32]) -> Ending {
        let budget = self.patience.turn();
        let mut calm = Instant::now();
        let mut pause = PAUSE.0;
        let mut answer = Answer::default();
        loop {
            let is_over = self.is_over();
            let seen = self.look();
            // What it had written before it slept is there now.
            let is_new = self.drain();
            if self.transcript.received() - self.received > FLOOD {
                return Ending::Flood;
            }
            if let (true, Some(status)) = (is_over, self.status) {
                self.transcript.settle();
                return Ending::Exit(status);
            }
            let asks = seen.reads || seen.polls;
            if is_new || !asks {
                calm = Instant::now();
            }
            if asks {
                self.transcript.settle();
                let is_there = answer.is_in(self.transcript.text(), begin, awaited.answer);
                if calm.elapsed() >= self.silence(seen, is_there, awaited) {
                    return Ending::Asks;
                }
            }
            let used = self.typed.elapsed();
            if used >= budget {
                let pids = [&[self.process.pid()], others].concat();
                return Ending::Budget(Box::new(Stuck::look(budget, used, &pids)));
            }
            pause = if is_new { PAUSE.0 } else { (pause * 2).min(PAUSE.1) };
            self.terminal.wait(pause);
        }
    }

    /// How long it must be silent before the turn has ended.
    fn silence(&self, seen: Seen, is_there: bool, awaited: Awaited<'_>) -> Duration {
        let time = match (seen.reads, is_there) {
            (true, true) if awaited.answer.is_none() || !(seen.runs || seen.waits) => {
                Duration::ZERO
            }
            (true, true) if !seen.runs => REST_OF_ANSWER,
            (true, _) => LATE_ANSWER,
            (false, true) => awaited.settle,
            (false, false) => awaited.settle.max(LATE_ANSWER),
        };
        self.patience.scale(time)
    }

    fn is_over(&mut self) -> bool {
        if self.status.is_none() {
            self.status = self.process.status().ok().flatten();
        }
        self.status.is_some()
    }

    /// Takes what was written so far, and no more than a flood; whether there was anything.
    fn drain(&mut self) -> bool {
        let mut buffer = [0; 4096];
        let before = self.transcript.received();
        // EIO says that nobody has the other end, which we have ourselves.
        while self.transcript.received() - self.received <= FLOOD
            && let Ok(count @ 1..) = self.terminal.read(&mut buffer)
        {
            self.transcript.add(&buffer[..count]);
        }
        self.transcript.received() > before
    }

    fn look(&mut self) -> Seen {
        // This comes first: with nothing to read, whoever sleeps in a read has begun it after that.
        if self.terminal.has_input() {
            return Seen::default();
        }
        if self.terminal.is_polled() {
            return Seen { polls: true, ..Seen::default() };
        }
        let seen = self.look_at_known();
        if seen.reads || seen.polls || self.scanned.elapsed() < RESCAN {
            return seen;
        }
        self.scanned = Instant::now();
        self.processes = processes::of_session(self.process.session());
        self.look_at_known()
    }

    fn look_at_known(&self) -> Seen {
        let mut seen = Seen::default();
        for &pid in &self.processes {
            for tid in thread::of(pid) {
                match self.role(pid, tid) {
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
    fn role(&self, pid: i32, tid: i32) -> Option<Role> {
        let Doing::Sleeps(call) = thread::doing(pid, tid)? else { return Some(Role::Runs) };
        Some(match waits::of(pid, &call) {
            Waits::Child => return None,
            Waits::At(number) if self.asks(pid, tid, &[number]) => Role::Reads,
            // It waits for the person only, as GNU readline does.
            Waits::AtOneOf(all, false) if all.len() == 1 && self.asks(pid, tid, &all) => {
                Role::Reads
            }
            Waits::AtOneOf(all, _) if self.asks(pid, tid, &all) => Role::Polls,
            _ => Role::Waits,
        })
    }

    /// Whether a thread that waits at these descriptors waits for the person, since the last keys.
    fn asks(&self, pid: i32, tid: i32, descriptors: &[i32]) -> bool {
        let is_terminal = |&number: &i32| {
            use std::os::unix::fs::MetadataExt;
            waits::descriptor(pid, number).is_some_and(|file| self.terminal.is(file.rdev()))
        };
        descriptors.iter().any(is_terminal)
            && thread::switches(pid, tid).is_some_and(|now| self.switches.get(&tid) != Some(&now))
    }
}

/// Whether the answer is there; a pattern is looked for only where the text has grown.
#[derive(Default)]
struct Answer {
    looked_at: Option<usize>,
    is_there: bool,
}

impl Answer {
    fn is_in(&mut self, text: &str, begin: usize, wanted: Option<&dyn Fn(&str) -> bool>) -> bool {
        let Some(wanted) = wanted else { return true };
        if self.looked_at != Some(text.len()) {
            self.looked_at = Some(text.len());
            self.is_there = wanted(text.get(begin..).unwrap_or_default());
        }
        self.is_there
    }
}
