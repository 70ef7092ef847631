//! What every server does before its mechanism: logs, signals, directory, lock, data file, in this
//! order.

use std::io::{self, Write};

use anyhow::Context;
use tracing::{info, warn};

use crate::data_file;
use crate::directory;
use crate::lock::Lock;
use crate::log;
use crate::options::ServerOptions;
use crate::shows;
use crate::signals::Signals;
use crate::store::Store;
use crate::sys;
use crate::table::Table;

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
    let (store, table) = Store::open(&options.dir, new.as_ref(), options.durability)?;
    match (&options.shows, new) {
        (Some(shows), None) => {
            warn!("{} exists and is used; {} is not read", data_file.display(), shows.display());
        }
        (_, Some(_)) => info!("{} is new", data_file.display()),
        (None, None) => {}
    }
    Ok(Start { signals, lock, store, table })
}

/// Says on stdout that the server can serve: one line, `ready PACKAGE WHERE`.
///
/// # Errors
/// Of the write: whoever started the server waits for this line.
pub fn ready(package: &str, place: impl std::fmt::Display) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "ready {package} {place}")
        .and_then(|()| out.flush())
        .context("cannot write to standard output")
}
