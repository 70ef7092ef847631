//! What a server says while it runs: to stderr, and to a file if one is named.

use std::fmt::Display;
use std::panic;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context;
use tracing::level_filters::LevelFilter;
use tracing::{debug, error, info};

use crate::protocol::reply::{Outcome, Reply, Status};
use crate::protocol::request::{Kind, Request};
use crate::server::log_lines::{self, Lines};
use crate::server::log_output::Output;
use crate::server::options::ServerOptions;
use crate::sys;

/// How often the log file was to be opened anew: a number that forked workers share.
static REOPENINGS: OnceLock<&AtomicU32> = OnceLock::new();

/// Starts logging as the options say, with date and time (UTC).
///
/// Nothing that is logged blocks: lines that find no room are lost and counted. A line, or a batch of lines, is one write to a file opened with O_APPEND: lines of a parent and
/// its forked workers never mix. No background thread writes them: a worker that dies would take its
/// last lines along.
///
/// # Errors
/// If the file cannot be opened, or logging was started before.
pub fn start(options: &ServerOptions) -> anyhow::Result<()> {
    let mut outputs = vec![Output::stderr().context("cannot use standard error")?];
    if let Some(path) = &options.log_file {
        let counter = sys::shared_counter().context("cannot share memory")?;
        outputs.push(Output::named(path, REOPENINGS.get_or_init(|| counter))?);
    }
    // That of std writes to stderr itself, and would wait there for a reader.
    panic::set_hook(Box::new(|panic| error!("{panic}")));
    tracing::subscriber::set_global_default(Lines { level: options.log_level, outputs })
        .context("cannot start logging")
}

/// Opens the log file anew, here at once and in forked workers before their next line: somebody may
/// have renamed it. Safe to call without a log file.
pub fn reopen() {
    if let Some(reopenings) = REOPENINGS.get() {
        reopenings.fetch_add(1, Ordering::Release);
        log_lines::reopen();
        info!("the log file was opened anew");
    }
}

/// Says how many lines this process has lost: the last that a worker does, who may have no line more.
pub fn finish() {
    log_lines::say_lost();
}

/// Adds a field to every line that the calling thread logs from now on.
pub fn add_field(name: &str, value: impl Display) {
    log_lines::add_field(name, &value);
}

/// Logs the answered requests of a batch: as [`answered`] each, their lines by one write for up to
/// PIPE_BUF bytes.
///
/// Called before the first reply of the batch: if the server is killed then, no client knows of a
/// reservation that the log does not name.
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

/// As [`answered`], by a thread that answers many clients: the line ends with this one's address.
pub fn answered_from(peer: impl Display, request: &Request, status: Option<Status>, left: i32) {
    let is_reserve = request.kind() == Some(Kind::Reserve);
    let level = if is_reserve { LevelFilter::INFO } else { LevelFilter::DEBUG };
    // To write an address takes longer than to find out that nobody wants it.
    if LevelFilter::current() >= level {
        log_lines::with_field("peer", &peer, || answered_with(request, status, left));
    }
}

/// Collects the lines that `body` logs, and writes them together: one write for up to PIPE_BUF bytes.
pub fn together(body: impl FnOnce()) {
    log_lines::together(body);
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
