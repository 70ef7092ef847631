//! A bare server's process.

use std::path::Path;

use crate::baseline::{epoll, pipes, queues, sockets, threads, uring};
use crate::results::row::{Baseline, Exchange};

/// Serves until it is killed.
///
/// # Errors
/// If it cannot start, or the mechanism fails.
pub fn run(baseline: Baseline, dir: &Path) -> anyhow::Result<u8> {
    match (baseline.exchange, baseline.group_commit) {
        (Exchange::FifoPair, false) => pipes::serve(dir)?,
        (Exchange::FifoPair, true) => pipes::serve_durably(dir)?,
        (Exchange::TwoQueues, false) => queues::serve(dir)?,
        (Exchange::TwoQueues, true) => queues::serve_durably(dir)?,
        (Exchange::ThreadPerMessage, false) => threads::serve(dir)?,
        (Exchange::ThreadPerMessage, true) => threads::serve_durably(dir)?,
        (Exchange::StdThreadPerMessage, false) => threads::serve_by_std(dir)?,
        (Exchange::StdThreadPerMessage, true) => threads::serve_durably_by_std(dir)?,
        (Exchange::ThreadPerConnection, false) => sockets::serve()?,
        (Exchange::ThreadPerConnection, true) => sockets::serve_durably(dir)?,
        (Exchange::Epoll, false) => epoll::serve()?,
        (Exchange::Epoll, true) => epoll::serve_durably(dir)?,
        (Exchange::IoUring, _) => uring::serve_durably(dir)?,
    }
    Ok(0)
}
