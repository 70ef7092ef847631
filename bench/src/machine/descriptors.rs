//! The limit on open descriptors: a client process takes two of them here, its input and its output.

use anyhow::Context;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Raises the limit to the hard one, which every user may.
///
/// # Errors
/// Of the calls. See getrlimit(2).
pub fn raise_limit() -> anyhow::Result<()> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).context("cannot ask for a limit")?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).context("cannot raise a limit")
}
