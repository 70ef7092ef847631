//! What a program says, however much: the begin and the end are kept.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use nix::fcntl::OFlag;
use nix::pty::openpty;
use nix::unistd::pipe2;

use crate::launch::program::Streams;

/// How much is kept of the begin, and of the end.
const KEPT: usize = 16 << 10;
/// How long one waits for what a program said before it ended; its children may hold the pipe longer.
const PATIENCE: Duration = Duration::from_millis(200);

/// Reads what a program says, in a thread of its own.
#[derive(Debug)]
pub(crate) struct Capture {
    shared: Arc<(Mutex<Said>, Condvar)>,
}

#[derive(Debug, Default)]
struct Said {
    begin: Vec<u8>,
    end: VecDeque<u8>,
    n_left_out: u64,
    is_over: bool,
}

impl Capture {
    /// Through a pipe.
    ///
    /// # Errors
    /// EMFILE, EAGAIN.
    pub(crate) fn log() -> io::Result<(Capture, Streams)> {
        let (read, write) = pipe2(OFlag::O_CLOEXEC)?;
        Ok((Capture::start(read)?, Streams::Log(File::from(write))))
    }

    /// Through a terminal.
    ///
    /// # Errors
    /// EMFILE, ENOSPC, EAGAIN.
    pub(crate) fn terminal() -> io::Result<(Capture, Streams)> {
        let pty = openpty(None, None)?;
        Ok((Capture::start(pty.master)?, Streams::Terminal(pty.slave)))
    }

    fn start(from: OwnedFd) -> io::Result<Capture> {
        let shared = Arc::new((Mutex::new(Said::default()), Condvar::new()));
        let writing = shared.clone();
        thread::Builder::new().name("capture".to_owned()).spawn(move || {
            let (said, over) = &*writing;
            let mut from = File::from(from);
            let mut buffer = vec![0; 64 << 10];
            // A terminal that nobody has open says EIO.
            while let Ok(n @ 1..) = from.read(&mut buffer) {
                said.lock().unwrap_or_else(PoisonError::into_inner).add(&buffer[..n]);
            }
            said.lock().unwrap_or_else(PoisonError::into_inner).is_over = true;
            over.notify_all();
        })?;
        Ok(Capture { shared })
    }

    /// What was said, and how many bytes of it were left out.
    pub(crate) fn take(self) -> (String, u64) {
        let (said, over) = &*self.shared;
        let said = said.lock().unwrap_or_else(PoisonError::into_inner);
        let (said, _) = over
            .wait_timeout_while(said, PATIENCE, |said| !said.is_over)
            .unwrap_or_else(PoisonError::into_inner);
        let mut bytes = said.begin.clone();
        bytes.extend(&said.end);
        (String::from_utf8_lossy(&bytes).into_owned(), said.n_left_out)
    }
}

impl Said {
    fn add(&mut self, bytes: &[u8]) {
        let (begin, rest) = bytes.split_at(bytes.len().min(KEPT - self.begin.len()));
        self.begin.extend(begin);
        self.end.extend(rest);
        let excess = self.end.len().saturating_sub(KEPT);
        self.end.drain(..excess);
        self.n_left_out += excess as u64;
    }
}
