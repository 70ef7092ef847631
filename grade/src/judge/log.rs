//! What a program of the submission prints: kept in memory, where the submission has no path to it.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use nix::sys::memfd::{MFdFlags, memfd_create};

/// The end of an output that is looked at, in bytes.
const TEXT_MAX: u64 = 64 << 10;

/// The output of one program.
#[derive(Debug)]
pub struct Log(File);

impl Log {
    /// An empty one.
    ///
    /// # Errors
    /// See memfd_create(2).
    pub fn new() -> io::Result<Log> {
        Ok(Log(memfd_create("log", MFdFlags::MFD_CLOEXEC)?.into()))
    }

    /// What the program writes to; it adds to what is there.
    ///
    /// # Errors
    /// See open(2).
    pub fn writer(&self) -> io::Result<File> {
        File::options().append(true).open(self.path())
    }

    /// Its path, for this process only.
    pub fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.0.as_raw_fd()))
    }

    /// The end of it.
    pub fn text(&self) -> String {
        let len = self.0.metadata().map_or(0, |file| file.len());
        let begin = len.saturating_sub(TEXT_MAX);
        let mut bytes = vec![0; (len - begin) as usize];
        let read = self.0.read_at(&mut bytes, begin).unwrap_or(0);
        String::from_utf8_lossy(&bytes[..read]).into_owned()
    }
}
