//! What every server does before its mechanism: logs, signals, directory, lock, data file, in this
//! order.

use std::fmt::Display;
use std::fs::File;
use std::io::Write;

use anyhow::Context;
use tracing::{info, warn};

use crate::booking::data_file;
use crate::booking::shows;
use crate::booking::store::Store;
use crate::booking::table::Table;
use crate::program::directory;
use crate::program::process;
use crate::program::signals::Signals;
use crate::server::lock::Lock;
use crate::server::log;
use crate::server::options::ServerOptions;
use crate::sys;

/// A server that has its directory to itself, and has not yet made any child, thread or kernel
/// object.
#[derive(Debug)]
pub struct Start {
    /// SIGTERM, SIGINT and SIGCHLD, blocked.
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
    sys::one_arena();
    process::make_private_files();
    log::start(options)?;
    let signals = Signals::block().context("cannot block signals")?;
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
    /// Says it, in one write.
    ///
    /// # Errors
    /// Of the write: whoever started the server waits for this line.
    pub fn print(&mut self) -> anyhow::Result<()> {
        self.out.write_all(self.line.as_bytes()).context("cannot write to standard output")
    }
}
