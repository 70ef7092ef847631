//! What a server says while it runs: to stderr, and to a file if one is named.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use tracing::level_filters::LevelFilter;
use tracing::{debug, info};
use tracing_subscriber::fmt::writer::MakeWriterExt;

use crate::options::ServerOptions;
use crate::reply::Reply;
use crate::request::{Kind, Request};

/// Starts logging as the options say, with date and time (UTC).
///
/// A line is one write, to a file opened with O_APPEND: lines of a parent and its forked workers
/// never mix, and no thread stands between a worker and its last words.
///
/// # Errors
/// If the file cannot be opened, or logging was started before.
pub fn start(options: &ServerOptions) -> anyhow::Result<()> {
    let builder = tracing_subscriber::fmt()
        .with_max_level(options.log_level)
        .with_target(false)
        .with_ansi(false)
        // It would print its own failure to the stderr that just failed, and panic when that fails
        // too.
        .log_internal_errors(false);
    let started = match &options.log_file {
        None => builder.with_writer(std::io::stderr).try_init(),
        Some(path) => {
            let file = OpenOptions::new()
                .append(true)
                .create(true)
                .mode(0o600)
                .open(path)
                .with_context(|| format!("cannot open the log file {}", path.display()))?;
            builder.with_writer(std::io::stderr.and(Arc::new(file))).try_init()
        }
    };
    started.map_err(|error| anyhow!("cannot start logging: {error}"))
}

/// Logs an answered request: reservations at level info, all others at debug.
pub fn answered(request: &Request, reply: &Reply) {
    if LevelFilter::current() < LevelFilter::INFO {
        return;
    }
    let (client, show, seats) = (request.client.get(), request.show.get(), request.seats.get());
    let (status, left) = (reply.status(), reply.seats.get());
    match (request.kind(), status) {
        (Some(Kind::Reserve), Some(status)) => {
            info!(client, show, seats, left, "reserve: {status:?}")
        }
        (kind, status) => debug!(client, show, left, "{kind:?}: {status:?}"),
    }
}
