//! A pipe with a name: made by whoever comes first, opened by both, removed by its maker.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::sys::{self, Action};

/// A FIFO. Dropping it removes the name if this process made it; open ends stay open.
#[derive(Debug)]
pub struct Fifo {
    path: PathBuf,
    made: bool,
}

impl Fifo {
    /// Makes the FIFO, for this user only, or takes the one that the other program made.
    ///
    /// # Errors
    /// Of mkfifo; or if something else has this name. See mkfifo(3), fifo(7).
    pub fn make(path: &Path) -> anyhow::Result<Fifo> {
        let made = match mkfifo(path, Mode::S_IRUSR | Mode::S_IWUSR) {
            Ok(()) => true,
            Err(Errno::EEXIST) => false,
            Err(errno) => {
                let error = io::Error::from(errno);
                return Err(error).with_context(|| format!("cannot make {}", path.display()));
            }
        };
        let fifo = Fifo { path: path.to_owned(), made };
        let metadata = fs::symlink_metadata(path)
            .with_context(|| format!("cannot open {}", path.display()))?;
        ensure!(metadata.file_type().is_fifo(), "cannot use {}: it is not a FIFO", path.display());
        Ok(fifo)
    }

    /// Opens one end; sleeps until the other end is open too, `seconds` at most.
    ///
    /// # Errors
    /// If nobody comes; EACCES. See open(2).
    pub fn open(&self, flags: OFlag, seconds: u32) -> anyhow::Result<File> {
        sys::sigaction(Signal::SIGALRM, Action::Count)?;
        sys::setitimer(seconds)?;
        // Not File::open: it begins again when a signal interrupts it.
        let opened = open(&self.path, flags | OFlag::O_CLOEXEC, Mode::empty());
        sys::setitimer(0)?;
        let path = self.path.display();
        match opened {
            Ok(descriptor) => Ok(File::from(descriptor)),
            Err(Errno::EINTR) => {
                bail!("cannot open {path}: nobody opened the other end within {seconds} s")
            }
            Err(errno) => {
                Err(io::Error::from(errno)).with_context(|| format!("cannot open {path}"))
            }
        }
    }
}

impl Drop for Fifo {
    fn drop(&mut self) {
        if self.made {
            // Somebody may have removed it already; then there is nothing left to do.
            let _ = fs::remove_file(&self.path);
        }
    }
}
