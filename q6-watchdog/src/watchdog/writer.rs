//! The writer's lock, `DIR/writer.lock`: only the process that holds it writes the data file.
//!
//! DIR's own lock cannot ensure this, because the watchdog and all its children share it. Each
//! reservation server opens this file itself, after the fork, and holds the lock until it ends.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use common::program::directory::open_file;
use common::server::leftovers::WRITER_LOCK;

/// How long to wait for the lock of an earlier writer. It was waited for, so its lock is released.
const WAIT_MAX: Duration = Duration::from_millis(500);
/// How often to try: no call waits for a lock until a deadline.
const POLL: Duration = Duration::from_millis(5);

/// The lock, ours until this process ends.
#[derive(Debug)]
pub struct WriterLock {
    _file: File,
}

impl WriterLock {
    /// Takes the lock, before the data file is read.
    ///
    /// # Errors
    /// If another process still holds it after 500 ms: an old writer is alive. See flock(2).
    pub fn take(dir: &Path) -> anyhow::Result<WriterLock> {
        let path = dir.join(WRITER_LOCK);
        let file =
            open_file(&path, true).with_context(|| format!("cannot open {}", path.display()))?;
        let deadline = Instant::now() + WAIT_MAX;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(WriterLock { _file: file }),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => sleep(POLL),
                Err(TryLockError::WouldBlock) => {
                    bail!("cannot lock {}: another process holds it and may write", path.display())
                }
                Err(TryLockError::Error(error)) => {
                    return Err(error).with_context(|| format!("cannot lock {}", path.display()));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_writer_waits_and_then_gives_up() {
        let dir = tempfile::tempdir().unwrap();
        let held = WriterLock::take(dir.path()).unwrap();
        let before = Instant::now();
        let error = format!("{:#}", WriterLock::take(dir.path()).unwrap_err());
        assert!(error.contains("another process holds it") && before.elapsed() >= WAIT_MAX);
        drop(held);
        WriterLock::take(dir.path()).unwrap();
    }
}
