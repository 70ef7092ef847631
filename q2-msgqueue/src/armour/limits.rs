//! What the system allows a queue.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use common::reply::REPLY_MAX;
use common::request::REQUEST_SIZE;

/// The largest reply must fit into a message, and into a queue.
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
