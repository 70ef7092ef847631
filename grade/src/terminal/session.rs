//! A program on a terminal: it is typed to, line by line, and it is known when it asks again.

use std::io;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::launch::launcher::Launcher;
use crate::launch::process::Process;
use crate::launch::program::{Program, Streams};
use crate::patience::Patience;
use crate::terminal::pty::Terminal;
use crate::terminal::threads::{Seen, Threads};
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
    threads: Threads,
    typed: Instant,
    received: u64,
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
        let threads = Threads::of(process.pid());
        Ok(Session {
            process,
            terminal,
            transcript,
            patience,
            status: None,
            threads,
            typed: Instant::now(),
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
        // What came before it was typed belongs to before.
        self.drain();
        self.threads.sample();
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
        // Not since it was typed: of many clients each is waited for in its turn.
        let waited = Instant::now();
        let mut calm = Instant::now();
        let mut pause = PAUSE.0;
        let mut answer = Answer::default();
        loop {
            let is_over = self.is_over();
            let seen = self.threads.look(&self.terminal);
            // What it had written before it slept is there now.
            let is_new = self.drain();
            if self.transcript.received() - self.received > FLOOD {
                return Ending::Flood;
            }
            if let (true, Some(status)) = (is_over, self.status) {
                self.transcript.settle();
                return Ending::Exit(status);
            }
            if is_new || !seen.asks() {
                calm = Instant::now();
            }
            if seen.asks() {
                self.transcript.settle();
                let is_there = answer.is_in(self.transcript.text(), begin, awaited.answer);
                if calm.elapsed() >= self.silence(seen, is_there, awaited) {
                    return Ending::Asks;
                }
            }
            let used = self.typed.elapsed();
            if waited.elapsed() >= budget {
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
