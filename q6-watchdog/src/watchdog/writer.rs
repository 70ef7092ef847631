//! The writer's lock, `DIR/writer.lock`: whoever writes the data file holds it, and no two processes
//! can.
//!
//! DIR's own lock cannot say this: the watchdog and all its children share it. This one is opened
//! after the fork, by each reservation server for itself, and goes with its process.

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
/// How long a writer before us may take to let go: it was reaped already, so it has.
const WAIT_MAX: Duration = Duration::from_millis(500);
/// How often to look; no call waits for a lock and for a deadline.
const POLL: Duration = Duration::from_millis(5);

/// The lock, ours until this process ends.
#[derive(Debug)]
pub struct WriterLock {
    _file: File,
}

impl WriterLock {
    /// Takes it, which must be done before the data file is read.
    ///
    /// # Errors
    /// If another process holds it still after 500 ms: an old writer lives. See flock(2).
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

/// Removes the file, when no server is there any more; but not from under somebody who holds it:
/// the next writer would lock another file of that name.
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
