//! A started program: it is waited for, told signals, and killed when it is dropped.

use std::io;
use std::process::{Child, ExitStatus};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A program of the submission that was started.
#[derive(Debug)]
pub struct Process {
    child: Child,
}

impl Process {
    pub(crate) fn new(child: Child) -> Process {
        Process { child }
    }

    /// Its PID, as this process sees it.
    pub fn pid(&self) -> i32 {
        self.child.id() as i32
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    /// See waitpid(2).
    pub fn status(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// ESRCH, EPERM. See kill(2).
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        Ok(kill(Pid::from_raw(self.pid()), signal)?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Process {
    /// stub
    pub fn interrupt(&self) -> io::Result<()> {
        self.signal(Signal::SIGINT)
    }
}
