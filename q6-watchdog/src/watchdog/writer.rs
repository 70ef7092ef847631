//! The writer's lock, `DIR/writer.lock`: only the process that holds it writes the data file.
//!
//! DIR's own lock cannot ensure this, because the watchdog and all its children share it. Each
//! reservation server opens this file itself, after the fork, and holds the lock until it ends.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use common::directory::open_file;
use tracing::warn;

/// Name of the file in DIR.
pub const WRITER_LOCK: &str = "writer.lock";
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

/// Removes the file at the end, unless a process holds the lock: otherwise the next writer would lock
/// another file of the same name, and two could write.
///
/// # Errors
/// Of open and unlink. See unlink(2).
pub fn remove(dir: &Path) -> io::Result<()> {
    let path = dir.join(WRITER_LOCK);
    let file = match open_file(&path, false) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        file => file?,
    };
    match file.try_lock() {
        Ok(()) => fs::remove_file(&path),
        Err(TryLockError::WouldBlock) => {
            warn!("{} is held by another process, and stays", path.display());
            Ok(())
        }
        Err(TryLockError::Error(error)) => Err(error),
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
        remove(dir.path()).unwrap();
        assert!(dir.path().join(WRITER_LOCK).exists(), "it is held");
        drop(held);
        WriterLock::take(dir.path()).unwrap();
        remove(dir.path()).unwrap();
        assert!(!dir.path().join(WRITER_LOCK).exists());
    }
}
