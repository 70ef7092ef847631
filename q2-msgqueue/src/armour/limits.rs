//! The limits of the system: a reply must fit into a message and into a queue.
//!
//! Stops: `queues::limits_that_are_too_small_are_named`.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use common::protocol::reply::REPLY_MAX;
use common::protocol::request::REQUEST_SIZE;

/// Checks that the largest reply fits into a message, and a request and a reply into a queue.
///
/// # Errors
/// Says which limit of the system is too low. See proc_sys_kernel(5).
pub(crate) fn check() -> anyhow::Result<()> {
    for (name, least) in [("msgmax", REPLY_MAX), ("msgmnb", REPLY_MAX.max(REQUEST_SIZE))] {
        let path = PathBuf::from("/proc/sys/kernel").join(name);
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let limit: usize =
            text.trim().parse().with_context(|| format!("cannot understand {}", path.display()))?;
        ensure!(
            limit >= least,
            "kernel.{name} is {limit}, a reply needs {least}: sysctl kernel.{name}=16384"
        );
    }
    Ok(())
}
