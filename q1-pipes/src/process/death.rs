//! The end of a child that does not leave by itself, and that may not even be killed at once.

use std::io;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// How long a killed process may take to die.
const DEATH_MAX: Duration = Duration::from_millis(200);
/// How often to look whether it has; SIGCHLD may be blocked, or belong to others.
const POLL: Duration = Duration::from_millis(1);

/// Kills a child that was not waited for yet, whatever it is doing, and waits for its end.
///
/// Not for ever: a process that waits for a disk that hangs dies when the disk answers, and no
/// sooner. It keeps the lock of DIR until then.
///
/// # Errors
/// If it is still there after a while. See kill(2).
pub fn end_now(child: Pid) -> io::Result<()> {
    // SIGKILL also ends a stopped process. It was not waited for yet: the PID is its own.
    kill(child, Signal::SIGKILL)?;
    let deadline = Instant::now() + DEATH_MAX;
    loop {
        match waitpid(child, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) | Err(Errno::EINTR) => {}
            Ok(_) => return Ok(()),
            Err(errno) => return Err(errno.into()),
        }
        if Instant::now() >= deadline {
            return Err(io::Error::other("it waits for a device, and lives until that answers"));
        }
        sleep(POLL);
    }
}
