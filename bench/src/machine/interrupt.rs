//! Ctrl-C: blocked, so that it ends no call half-way, and looked for wherever the measuring process
//! waits; then everything is taken down as after an error.

use std::error::Error;
use std::fmt;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, anyhow};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

static SIGNALS: OnceLock<SignalFd> = OnceLock::new();

/// This process was asked to end; the number of the signal.
#[derive(Clone, Copy, Debug)]
pub struct Interrupted(i32);

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Signal::try_from(self.0).map_or("a signal", Signal::as_str);
        write!(f, "ended by {name}: nothing was written")
    }
}

impl Error for Interrupted {}

/// Blocks SIGINT and SIGTERM in this thread and all that it starts.
///
/// # Errors
/// EMFILE. See signalfd(2).
pub fn block() -> anyhow::Result<()> {
    let mut set = SigSet::empty();
    set.add(Signal::SIGINT);
    set.add(Signal::SIGTERM);
    set.thread_block().context("cannot block signals")?;
    let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
    let signals = SignalFd::with_flags(&set, flags).context("cannot wait for signals")?;
    SIGNALS.set(signals).map_err(|_| anyhow!("signals are blocked already"))
}

/// Waits until there is something to read, or `limit` has passed; whether there is.
///
/// # Errors
/// If this process was asked to end.
pub fn wait_readable(end: &impl AsFd, limit: Duration) -> anyhow::Result<bool> {
    wait(Some(end.as_fd()), limit)
}

/// Waits for a time.
///
/// # Errors
/// If this process was asked to end.
pub fn pause(time: Duration) -> anyhow::Result<()> {
    wait(None, time).map(drop)
}

fn wait(end: Option<BorrowedFd<'_>>, limit: Duration) -> anyhow::Result<bool> {
    let signals = SIGNALS.get().context("signals are not blocked yet")?;
    let mut ends = vec![PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
    ends.extend(end.map(|end| PollFd::new(end, PollFlags::POLLIN)));
    let timeout = PollTimeout::try_from(limit).context("nobody waits so long")?;
    match poll(&mut ends, timeout) {
        Err(Errno::EINTR) | Ok(0) => return Ok(false),
        result => result.context("cannot wait")?,
    };
    if let Some(info) = signals.read_signal().context("cannot read a signal")? {
        return Err(Interrupted(info.ssi_signo as i32).into());
    }
    Ok(true)
}
