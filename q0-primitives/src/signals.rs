//! Signals as a program wants to find them, whatever it inherited from whoever started it.

use nix::sys::signal::{SigSet, Signal};

use crate::sys::{self, Action};

/// Gives signals their default action and unblocks them.
///
/// Ignored and blocked signals stay so across fork and execve: a shell without job control starts
/// its background jobs with SIGINT and SIGQUIT ignored, and Rust starts every program with SIGPIPE
/// ignored.
///
/// # Errors
/// EINVAL for SIGKILL and SIGSTOP. See signal(7).
pub fn reset(signals: &[Signal]) -> anyhow::Result<()> {
    for &signal in signals {
        sys::sigaction(signal, Action::Default)?;
    }
    Ok(signals.iter().copied().collect::<SigSet>().thread_unblock()?)
}
