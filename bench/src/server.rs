//! A running server in a DIR of its own, be it a stage's, somebody else's or a bare one.

use std::env;
use std::ffi::OsString;
use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, ensure};
use clap::ValueEnum;
use common::booking::shows;
use harness::{address, processes};
use nix::sys::signal::Signal;
use tempfile::TempDir;
use zerocopy::IntoBytes;
use zerocopy::little_endian::I32;

use crate::bare::queues::Pair;
use crate::door::DoorKind;
use crate::interrupt::Interrupted;
use crate::process::Process;
use crate::subject::{Kind, Subject};

/// How long a start may take.
const START_MAX: Duration = Duration::from_secs(20);
/// How long after a client's error its server may still be seen to end.
const END_MAX: Duration = Duration::from_millis(500);
/// Seats of every show: no measurement sells them all.
const SEATS: i32 = 2_000_000_000;
/// Lines of a server's log that an error quotes.
const LAST_WORDS: usize = 5;

/// How to start a server.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `power` or `process`; None leaves it to the server.
    pub durability: Option<&'static str>,
    /// More options, for stages only.
    pub options: Vec<String>,
    /// More environment.
    pub environment: Vec<(&'static str, OsString)>,
}

/// A server that is ready; a subject that needs none has only a directory.
#[derive(Debug)]
pub struct Server {
    process: Option<Process>,
    _queues: Option<Pair>,
    base: TempDir,
    /// How long it took from the start of the program to its ready line.
    pub start: Duration,
}

impl Server {
    /// Starts it in a directory below `work`, and waits until it is ready.
    ///
    /// # Errors
    /// If it does not get ready; quotes its log.
    pub fn start(subject: &Subject, work: &Path, settings: &Settings) -> anyhow::Result<Server> {
        let base = tempfile::tempdir_in(work).context("cannot make a directory")?;
        let dir = base.path().join("run");
        DirBuilder::new().mode(0o700).create(&dir).context("cannot make DIR")?;
        let queues = match subject.door() {
            DoorKind::BareMsgqueue => Some(Pair::create(&dir)?),
            _ => None,
        };
        let mut server =
            Server { process: None, _queues: queues, base, start: Duration::default() };
        let Some(mut command) = command(subject, &dir, settings)? else { return Ok(server) };
        let log = File::create(server.base.path().join("log")).context("cannot make a log")?;
        command.stderr(log).envs(settings.environment.iter().map(|(name, value)| (name, value)));
        let begin = Instant::now();
        let mut process = Process::start(subject.name.clone(), &mut command)?;
        let line = process.read_line(START_MAX).with_context(|| server.last_words());
        server.start = begin.elapsed();
        let line = line?;
        ensure!(line.starts_with("ready"), "{} says {line:?} and not ready", subject.name);
        if matches!(subject.kind, Kind::Server { .. }) {
            process.let_it_tidy_up();
        }
        if line.split(' ').nth(2).is_some_and(|place| place.contains(':')) {
            address::remember(&dir, &line);
        }
        server.process = Some(process);
        Ok(server)
    }

    /// DIR.
    pub fn dir(&self) -> PathBuf {
        self.base.path().join("run")
    }

    /// The processes that belong to it, its first one first.
    pub fn pids(&self) -> Vec<i32> {
        let Some(process) = &self.process else { return Vec::new() };
        let mut pids: Vec<i32> =
            processes::of_group(process.pid()).iter().map(|thread| thread.pid).collect();
        pids.sort_unstable_by_key(|&pid| (pid != process.pid(), pid));
        pids.dedup();
        pids
    }

    /// How many threads it has, of all its processes.
    pub fn n_threads(&self) -> usize {
        self.process.as_ref().map_or(0, |process| processes::of_group(process.pid()).len())
    }

    /// Stops it, as its user would.
    ///
    /// # Errors
    /// If it does not end well; quotes its log.
    pub fn stop(mut self, subject: &Subject) -> anyhow::Result<()> {
        let words = self.last_words();
        match (&mut self.process, &subject.kind) {
            (Some(process), Kind::Server { .. }) => {
                process.stop(Some(Signal::SIGTERM)).context(words)
            }
            // A bare server knows no stop; dropping it kills it.
            _ => Ok(()),
        }
    }

    /// Adds to a client's error what has become of the server.
    ///
    /// # Errors
    /// If there was one.
    pub fn explain<T>(
        &mut self,
        subject: &Subject,
        result: anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        result.map_err(|error| {
            if error.is::<Interrupted>() {
                return error;
            }
            // Its client may have noticed before we could.
            let ended = match self.process.as_mut().map(|process| process.wait(END_MAX)) {
                Some(Ok(status)) => {
                    format!("the server has ended: {}; ", crate::process::describe(status))
                }
                _ => String::new(),
            };
            anyhow!("{}: {error:#}; {ended}{}", subject.name, self.last_words())
        })
    }

    fn last_words(&self) -> String {
        let log = fs::read_to_string(self.base.path().join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        if lines.is_empty() {
            return "the server has logged nothing".to_owned();
        }
        let end = &lines[lines.len().saturating_sub(LAST_WORDS)..];
        format!("the server has logged:\n{}", end.join("\n"))
    }
}

/// The command line of a server; None if the subject needs none. Writes the data file.
fn command(subject: &Subject, dir: &Path, settings: &Settings) -> anyhow::Result<Option<Command>> {
    match &subject.kind {
        Kind::Server { program, mechanism, stage } => {
            let mut table = shows::sample();
            for row in table.rows.iter_mut().filter(|row| row.id != 0) {
                row.seats = I32::new(SEATS);
            }
            fs::write(dir.join("spectacles.dat"), table.as_bytes())
                .context("cannot write the data file")?;
            let mut command = Command::new(program);
            command.arg("--dir").arg(dir);
            if mechanism.has_address() {
                command.args(["--listen", "127.0.0.1:0"]);
            }
            if let (Some(durability), Some(_)) = (settings.durability, stage) {
                command.args(["--durability", durability]);
            }
            command.args(&settings.options);
            Ok(Some(command))
        }
        Kind::Bare(bare) => {
            let mut command = ourselves()?;
            let value = bare.to_possible_value().context("a bare server has a name")?;
            command.arg("bare").arg(value.get_name()).arg(dir);
            Ok(Some(command))
        }
        Kind::Disk | Kind::Table => Ok(None),
    }
}

/// This program once more, in another part.
///
/// # Errors
/// If it cannot find itself.
pub fn ourselves() -> anyhow::Result<Command> {
    Ok(Command::new(env::current_exe().context("cannot find this program")?))
}
