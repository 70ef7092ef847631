//! A running server in a DIR of its own, be it a stage's, somebody else's or a bare one.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, ensure};
use clap::ValueEnum;
use common::booking::shows;
use common::booking::table::Table;
use harness::{address, processes};
use nix::sys::signal::Signal;
use tempfile::TempDir;
use zerocopy::little_endian::I32;
use zerocopy::{FromBytes, IntoBytes};

use crate::baseline::queues::Pair;
use crate::machine::interrupt::Interrupted;
use crate::results::group::Durability;
use crate::target::process::{Process, describe, ourselves};
use crate::target::{Kind, Target, Transport, peers};

/// How long a start may take.
const START_MAX: Duration = Duration::from_secs(20);
/// How long after a client's error its server may still be seen to end.
const END_MAX: Duration = Duration::from_millis(500);
/// A stage's limit on connections if it is not told another.
const CONNECTIONS_DEFAULT: usize = 1024;
/// Connections beyond those that are counted.
const MORE_CONNECTIONS: usize = 24;
/// Seats of every show: no measurement sells them all.
const SEATS: i32 = 2_000_000_000;
/// The data file in DIR.
const DATA_FILE: &str = "spectacles.dat";
/// Lines of a server's log that an error quotes.
const TAIL_LINES: usize = 5;

/// How to start a server.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// For stages only: a foreign server has its own default.
    pub durability: Durability,
    /// More options, for stages only.
    pub options: Vec<String>,
    /// How much a stage logs; None: its default.
    pub log_level: Option<&'static str>,
    /// For what people would install instead: how many connections it must have room for.
    pub connections: usize,
    /// More environment.
    pub environment: Vec<(&'static str, OsString)>,
}

impl Settings {
    /// The same, with room for so many connections.
    pub fn with_room(mut self, connections: usize) -> Settings {
        self.connections = connections;
        let limit = connections + MORE_CONNECTIONS;
        if limit > CONNECTIONS_DEFAULT {
            self.options.extend(["--max-connections".to_owned(), limit.to_string()]);
        }
        self
    }
}

/// A server that is ready; a target that needs none has only a directory.
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
    pub fn start(target: &Target, work: &Path, settings: &Settings) -> anyhow::Result<Server> {
        let base = tempfile::tempdir_in(work).context("cannot make a directory")?;
        let dir = base.path().join("run");
        DirBuilder::new().mode(0o700).create(&dir).context("cannot make DIR")?;
        let has_queues = target.transport() == Some(Transport::BareQueues);
        let queues = has_queues.then(|| Pair::create(&dir)).transpose()?;
        let mut server =
            Server { process: None, _queues: queues, base, start: Duration::default() };
        if let Kind::Peer(peer, programs) = &target.kind {
            let begin = Instant::now();
            let started = peers::start(*peer, programs, &dir, settings.connections);
            server.process = started.with_context(|| server.log_tail())?;
            server.start = begin.elapsed();
            return Ok(server);
        }
        let Some(mut command) = command(target, &dir, settings)? else { return Ok(server) };
        let log = File::create(server.base.path().join("log")).context("cannot make a log")?;
        command.stderr(log).envs(settings.environment.iter().map(|(name, value)| (name, value)));
        let begin = Instant::now();
        let mut process = Process::start(target.name(), &mut command)?;
        let line = process.read_line(START_MAX).with_context(|| server.log_tail());
        server.start = begin.elapsed();
        let line = line?;
        ensure!(line.starts_with("ready"), "{} says {line:?} and not ready", target.name());
        if matches!(target.kind, Kind::Server(_)) {
            process.let_it_tidy_up(Signal::SIGTERM);
        }
        if line.split(' ').nth(2).is_some_and(|address| address.contains(':')) {
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

    /// How many descriptors its processes have open.
    ///
    /// # Errors
    /// If /proc does not say.
    pub fn n_descriptors(&self) -> anyhow::Result<usize> {
        let count = |pid: i32| {
            let entries = fs::read_dir(format!("/proc/{pid}/fd"));
            Ok(entries.with_context(|| format!("cannot look at process {pid}"))?.count())
        };
        self.pids().into_iter().map(count).sum()
    }

    /// Stops it, as its user would.
    ///
    /// # Errors
    /// If it does not end well; quotes its log.
    pub fn stop(mut self, target: &Target) -> anyhow::Result<()> {
        let words = self.log_tail();
        match (&mut self.process, &target.kind) {
            (Some(process), Kind::Server(_)) => process.stop(Some(Signal::SIGTERM)).context(words),
            (Some(process), Kind::Peer(peer, _)) => {
                process.stop(Some(peers::stop_signal(*peer))).context(words)
            }
            // A bare server knows no stop; dropping it kills it.
            _ => Ok(()),
        }
    }

    /// Compares the seats that were acknowledged since the start with those that its data file has
    /// lost.
    ///
    /// # Errors
    /// If it has acknowledged what it has not written, or written what nobody asked for.
    pub fn verify_sold(&self, target: &Target, acknowledged: i64) -> anyhow::Result<()> {
        let (sold, where_said) = match &target.kind {
            Kind::Peer(peer, programs) => (peers::sold(*peer, programs, &self.dir())?, "it says"),
            _ => {
                let left = seats(&table_on_disk(&self.dir())?);
                (seats(&table()) - left, "its data file says")
            }
        };
        ensure!(
            sold == acknowledged,
            "{} did not do the work: it has acknowledged {acknowledged} seats, and {where_said} \
             that {sold} are sold",
            target.name()
        );
        Ok(())
    }

    /// Adds to a client's error what has become of the server.
    ///
    /// # Errors
    /// If there was one.
    pub fn explain<T>(&mut self, target: &Target, result: anyhow::Result<T>) -> anyhow::Result<T> {
        result.map_err(|error| {
            if error.is::<Interrupted>() {
                return error;
            }
            // Its client may have noticed before we could.
            let ended = match self.process.as_mut().map(|process| process.wait(END_MAX)) {
                Some(Ok(status)) => {
                    format!("the server has ended: {}; ", describe(status))
                }
                _ => String::new(),
            };
            anyhow!("{}: {error:#}; {ended}{}", target.name(), self.log_tail())
        })
    }

    fn log_tail(&self) -> String {
        let log = fs::read_to_string(self.base.path().join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        if lines.is_empty() {
            return "the server has logged nothing".to_owned();
        }
        let end = &lines[lines.len().saturating_sub(TAIL_LINES)..];
        format!("the server has logged:\n{}", end.join("\n"))
    }
}

/// The data file that a server begins with: the sample of shows, with more seats than are asked for.
fn table() -> Table {
    let mut table = shows::sample();
    for row in table.rows.iter_mut().filter(|row| row.id != 0) {
        row.seats = I32::new(SEATS);
    }
    table
}

/// The command line of a server; None if the target needs none. Writes the data file.
fn command(target: &Target, dir: &Path, settings: &Settings) -> anyhow::Result<Option<Command>> {
    match &target.kind {
        Kind::Server(program) => {
            fs::write(dir.join(DATA_FILE), table().as_bytes())
                .context("cannot write the data file")?;
            let mut command = Command::new(&program.path);
            command.arg("--dir").arg(dir);
            if program.protocol.mechanism().has_address() {
                command.args(["--listen", "127.0.0.1:0"]);
            }
            if program.stage.is_some() {
                command.args(["--durability", settings.durability.option()]);
                let level = program.log_level.or(settings.log_level);
                command.args(level.iter().flat_map(|level| ["--log-level", level]));
                command.args(&settings.options);
            }
            Ok(Some(command))
        }
        Kind::Baseline(baseline) => {
            let mut command = ourselves()?;
            let exchange = baseline.exchange.to_possible_value().context("it has a name")?;
            command.arg("baseline").arg(exchange.get_name()).arg(dir);
            if baseline.group_commit {
                command.arg("--group-commit");
            }
            Ok(Some(command))
        }
        Kind::Disk | Kind::InProcess | Kind::Peer(..) => Ok(None),
    }
}

/// The table in the data file of `dir`.
///
/// # Errors
/// If there is none of a table's size.
pub fn table_on_disk(dir: &Path) -> anyhow::Result<Table> {
    let path = dir.join(DATA_FILE);
    let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let table = Table::read_from_bytes(&bytes).ok();
    table.with_context(|| format!("{} has {} bytes", path.display(), bytes.len()))
}

/// The seats left on all shows.
fn seats(table: &Table) -> i64 {
    table.rows.iter().map(|row| i64::from(row.seats.get())).sum()
}
