//! What a server says while it runs: to stderr, and to a file if one is named.

use std::fmt::Display;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};

use anyhow::Context;
use nix::fcntl::OFlag;
use tracing::level_filters::LevelFilter;
use tracing::{debug, info};

use crate::protocol::reply::{Outcome, Reply, Status};
use crate::protocol::request::{Kind, Request};
use crate::server::log_lines::{self, Lines};
use crate::server::options::ServerOptions;

/// Starts logging as the options say, with date and time (UTC).
///
/// A line, or a batch of lines, is one write to a file opened with O_APPEND: lines of a parent and
/// its forked workers never mix. No background thread writes them: a worker that dies would take its
/// last lines along.
///
/// # Errors
/// If the file cannot be opened, or logging was started before.
pub fn start(options: &ServerOptions) -> anyhow::Result<()> {
    let mut outputs = vec![stderr().context("cannot use standard error")?];
    if let Some(path) = &options.log_file {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
        outputs.push(file.with_context(|| format!("cannot open the log file {}", path.display()))?);
    }
    tracing::subscriber::set_global_default(Lines { level: options.log_level, outputs })
        .context("cannot start logging")
}

/// stderr for a server. Where it is a pipe that nobody reads, or a stopped terminal, lines are lost:
/// the office must not wait for a reader.
///
/// Pipes and terminals are opened anew, because O_NONBLOCK belongs to the open file description, and
/// this one is shared with whoever started us. A file never blocks. See fcntl(2).
fn stderr() -> io::Result<File> {
    const STDERR: &str = "/proc/self/fd/2";
    let kind = fs::metadata(STDERR).map(|metadata| metadata.file_type());
    if kind.is_ok_and(|kind| kind.is_fifo() || kind.is_char_device()) {
        let mut options = OpenOptions::new();
        let opened = options.write(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(STDERR);
        if opened.is_ok() {
            return opened;
        }
    }
    Ok(File::from(io::stderr().as_fd().try_clone_to_owned()?))
}

/// Adds a field to every line that the calling thread logs from now on.
pub fn add_field(name: &str, value: impl Display) {
    log_lines::add_field(name, &value);
}

/// Logs the answered requests of a batch: as [`answered`] each, their lines by one write for up to
/// PIPE_BUF bytes.
///
/// Called after the last reply of the batch: no client waits for the log.
pub fn answered_batch(batch: &[Request], outcomes: &[Outcome]) {
    log_lines::together(|| {
        for (request, outcome) in batch.iter().zip(outcomes) {
            answered_with(request, Some(outcome.status), outcome.seats);
        }
    });
}

/// Logs an answered request: reservations at level info, all others at debug.
pub fn answered(request: &Request, reply: &Reply) {
    answered_with(request, reply.status(), reply.seats.get());
}

fn answered_with(request: &Request, status: Option<Status>, left: i32) {
    if LevelFilter::current() < LevelFilter::INFO {
        return;
    }
    let client = request.client.get();
    let show = request.show.get();
    let seats = request.seats.get();
    match (request.kind(), status) {
        (Some(Kind::Reserve), Some(status)) => {
            info!(client, show, seats, left, "reserve: {}", status.name())
        }
        (kind, status) => {
            let kind = kind.map_or("not a request", Kind::name);
            let status = status.map_or("no status", Status::name);
            debug!(client, show, left, "{kind}: {status}");
        }
    }
}
