//! What every server does before its mechanism: logs, signals, directory, lock, data file, in this
//! order.

use std::fmt::Display;
use std::fs::{self, File};
use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;

use anyhow::{Context, ensure};
use tracing::{info, warn};

use crate::booking::data_file;
use crate::booking::shows;
use crate::booking::store::Store;
use crate::booking::table::Table;
use crate::program::directory;
use crate::program::process;
use crate::program::signals::{self, Signals, survive_file_size_limit};
use crate::server::lock::{LOCK_FILE, Lock};
use crate::server::log;
use crate::server::options::ServerOptions;
use crate::sys;

/// A server that has its directory to itself, and has not yet made any child, thread or kernel
/// object.
#[derive(Debug)]
pub struct Start {
    /// SIGTERM, SIGINT, SIGHUP and SIGCHLD, blocked. With a log file, SIGHUP opens that anew.
    pub signals: Signals,
    /// The lock of DIR.
    pub lock: Lock,
    /// The data file.
    pub store: Store,
    /// What is in it.
    pub table: Table,
}

/// Opens DIR for `package`, and makes the data file if there is none.
///
/// The shows of a new file are read before anything is made: a mistake in them leaves no trace.
///
/// # Errors
/// Says what is in the way, and what to do about it.
pub fn open(options: &ServerOptions, package: &str) -> anyhow::Result<Start> {
    let on_hangup = options.log_file.is_some().then_some(log::reopen as fn());
    open_with(options, package, on_hangup)
}

/// As [`open`], for a server that has more to do on SIGHUP, or something without a log file.
///
/// # Errors
/// As [`open`].
pub fn open_with(
    options: &ServerOptions,
    package: &str,
    on_hangup: Option<fn()>,
) -> anyhow::Result<Start> {
    sys::one_arena();
    process::make_private_files();
    // Before the first line of the log: its file may be at the limit.
    survive_file_size_limit();
    check_log_file(options)?;
    log::start(options)?;
    let signals = Signals::block(on_hangup).context("cannot block signals")?;
    let data_file = options.dir.join(data_file::DATA_FILE);
    let new = match &options.shows {
        _ if data_file::exists(&options.dir) => None,
        Some(path) => Some(shows::load(path)?),
        None => Some(shows::sample()),
    };
    directory::make(&options.dir)?;
    let lock = Lock::take(&options.dir, package)?;
    let (store, table) = match Store::open(&options.dir, new.as_ref(), options.durability) {
        Ok(opened) => opened,
        Err(error) => {
            lock.withdraw().context("cannot write the lock file")?;
            return Err(error);
        }
    };
    match (&options.shows, new) {
        (Some(shows), None) => {
            warn!("{} exists and is used; {} is not read", data_file.display(), shows.display());
        }
        (_, Some(_)) => info!("{} is new", data_file.display()),
        (None, None) => {}
    }
    Ok(Start { signals, lock, store, table })
}

/// Refuses a log file that is one of DIR's own files: lines in the data file would end the server, and
/// in the lock file the record of what it has made.
fn check_log_file(options: &ServerOptions) -> anyhow::Result<()> {
    let Some(path) = &options.log_file else { return Ok(()) };
    // The key file is that of the stages with message queues.
    for name in [data_file::DATA_FILE, LOCK_FILE, "queue.key"] {
        let own = options.dir.join(name);
        let is_same = match (fs::metadata(path), fs::metadata(&own)) {
            (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
            _ => *path == own,
        };
        ensure!(!is_same, "cannot log into {}: it is the server's own file", path.display());
    }
    Ok(())
}

/// The line that says on stdout that a server can serve: `ready PACKAGE WHERE`.
///
/// Made before the forks: after them, memory that is written is no longer shared, and takes a page
/// more. For the same reason it does not use std's buffer.
#[derive(Debug)]
pub struct ReadyLine {
    out: File,
    line: String,
}

/// The line for `package`, and where it serves.
///
/// # Errors
/// If there is no descriptor left.
pub fn ready_line(package: &str, place: impl Display) -> anyhow::Result<ReadyLine> {
    let out = sys::stdout().try_clone_to_owned().context("cannot use standard output")?;
    Ok(ReadyLine { out: out.into(), line: format!("ready {package} {place}\n") })
}

impl ReadyLine {
    /// Says it, in one write. If nobody makes room for it, it is not said once a signal asks to stop.
    ///
    /// # Errors
    /// Of the write: whoever started the server waits for this line.
    pub fn print(&mut self) -> anyhow::Result<()> {
        if !signals::stop_comes_before_room(self.out.as_fd()).context("cannot wait for a reader")? {
            self.write()?;
        }
        Ok(())
    }

    fn write(&mut self) -> anyhow::Result<()> {
        self.out.write_all(self.line.as_bytes()).context("cannot write to standard output")
    }
}
