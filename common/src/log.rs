//! What a server says while it runs: to stderr, and to a file if one is named.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::sync::Arc;

use anyhow::{Context, anyhow};
use nix::fcntl::OFlag;
use tracing::level_filters::LevelFilter;
use tracing::{debug, info};
use tracing_subscriber::fmt::writer::{BoxMakeWriter, MakeWriterExt};

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
    let stderr = match stderr_that_never_blocks() {
        Some(file) => BoxMakeWriter::new(Arc::new(file)),
        None => BoxMakeWriter::new(io::stderr),
    };
    let writer = match &options.log_file {
        None => stderr,
        Some(path) => {
            let mut file = OpenOptions::new();
            let file = file.append(true).create(true).mode(0o600).open(path);
            let file =
                file.with_context(|| format!("cannot open the log file {}", path.display()))?;
            BoxMakeWriter::new(stderr.and(Arc::new(file)))
        }
    };
    tracing_subscriber::fmt()
        .with_max_level(options.log_level)
        .with_target(false)
        .with_ansi(false)
        // It would print its own failure to the stderr that just failed, and panic when that fails too.
        .log_internal_errors(false)
        .with_writer(writer)
        .try_init()
        .map_err(|error| anyhow!("cannot start logging: {error}"))
}

/// stderr for a server: where it is a pipe that nobody reads, or a terminal that is stopped, lines
/// are lost instead of the office waiting for a reader.
///
/// Opened anew, because O_NONBLOCK belongs to the open file description, and this one is shared
/// with whoever started us. None for a file, which never blocks, and for what cannot be opened.
/// See fcntl(2).
fn stderr_that_never_blocks() -> Option<File> {
    const STDERR: &str = "/proc/self/fd/2";
    let kind = fs::metadata(STDERR).ok()?.file_type();
    if !kind.is_fifo() && !kind.is_char_device() {
        return None;
    }
    OpenOptions::new().write(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(STDERR).ok()
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
