//! Where zip files are unpacked: nothing of it stays, however the program ends.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};
use common::program::signals::Signals;
use nix::sys::signal::Signal;

/// How long is waited for a signal at a time.
const LONG: Duration = Duration::from_secs(3600);

/// A folder in the folder of the marks. Whoever has it is the only one that writes marks there.
#[derive(Debug)]
pub struct Unpacked {
    /// The folder.
    pub path: PathBuf,
    /// Locked: flock(2) ends with the process.
    _out: File,
}

impl Unpacked {
    /// Makes it, in place of one that a killed grader has left.
    ///
    /// # Errors
    /// If somebody else writes marks there, or it cannot be made.
    pub fn new(out: &Path) -> anyhow::Result<Unpacked> {
        let path = out.join(".unpacked");
        let failed = || format!("cannot make {}", path.display());
        fs::create_dir_all(out).with_context(failed)?;
        let folder = File::open(out).with_context(failed)?;
        match folder.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                bail!("another grader writes its marks to {}", out.display())
            }
            Err(TryLockError::Error(error)) => return Err(error).with_context(failed),
        }
        remove(&path).with_context(failed)?;
        fs::create_dir(&path).with_context(failed)?;
        Ok(Unpacked { path, _out: folder })
    }

    /// Has a signal end this program, and the folder before it. Boxes end with their grader.
    pub fn end_with(&self, signals: Signals) {
        let path = self.path.clone();
        thread::spawn(move || {
            let signal = loop {
                match signals.wait(LONG) {
                    Ok(None | Some(Signal::SIGCHLD)) => {}
                    Ok(Some(signal)) => break signal,
                    Err(error) => {
                        eprintln!("grade: {error}");
                        break Signal::SIGTERM;
                    }
                }
            };
            if let Err(error) = remove(&path) {
                eprintln!("grade: cannot remove {}: {error}", path.display());
            }
            eprintln!("grade: ended by {signal}; the same command goes on from here");
            process::exit(128 + signal as i32);
        });
    }
}

impl Drop for Unpacked {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.path) {
            eprintln!("grade: cannot remove {}: {error}", self.path.display());
        }
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}
