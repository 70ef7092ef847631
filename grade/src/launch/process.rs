//! A started program: it is waited for, told signals, and killed when it is dropped.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, getpgid};

use crate::launch::child::Started;
use crate::launch::children::Children;
use crate::sys;

/// A program of the submission that was started.
#[derive(Debug)]
pub struct Process {
    started: Started,
    children: Children,
    status: Option<ExitStatus>,
}

impl Process {
    pub(crate) fn new(started: Started, children: Children) -> Process {
        Process { started, children, status: None }
    }

    /// Its PID, as this process sees it.
    pub fn pid(&self) -> i32 {
        self.started.program.as_raw()
    }

    /// The session that it was started in; on a terminal, another process leads it.
    pub fn session(&self) -> i32 {
        self.started.holder.unwrap_or(self.started.program).as_raw()
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    /// See waitpid(2).
    pub fn status(&mut self) -> io::Result<Option<ExitStatus>> {
        if self.status.is_none() {
            self.wait(Some(WaitPidFlag::WNOHANG))?;
        }
        Ok(self.status)
    }

    /// Waits for its end, so long and no longer; None: it still runs.
    ///
    /// # Errors
    /// See waitpid(2).
    pub fn wait_for(&mut self, limit: Duration) -> io::Result<Option<ExitStatus>> {
        if self.status.is_some() {
            return Ok(self.status);
        }
        let deadline = Instant::now().checked_add(limit);
        let ended = sys::pidfd_open(self.started.program)?;
        loop {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let timeout = match left {
                None => PollTimeout::NONE,
                Some(Duration::ZERO) => PollTimeout::ZERO,
                // One more: rounded down, the last millisecond would be spent polling.
                Some(left) => PollTimeout::try_from(left + Duration::from_millis(1))
                    .unwrap_or(PollTimeout::MAX),
            };
            match poll(&mut [PollFd::new(ended.as_fd(), PollFlags::POLLIN)], timeout) {
                Ok(0) if left == Some(Duration::ZERO) => return Ok(None),
                Ok(0) => {}
                Ok(_) => return self.status(),
                // The submission may send signals to the judge.
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    fn wait(&mut self, flags: Option<WaitPidFlag>) -> io::Result<()> {
        self.status = match waitpid(self.started.program, flags)? {
            WaitStatus::Exited(_, code) => Some(ExitStatus::from_raw(code << 8)),
            WaitStatus::Signaled(_, signal, _) => Some(ExitStatus::from_raw(signal as i32)),
            _ => None,
        };
        if self.status.is_some() {
            // The number may soon be another process's.
            self.children.hold().remove(&self.pid());
        }
        Ok(())
    }

    /// Sends SIGINT to its process group, as Ctrl-C does.
    ///
    /// # Errors
    /// ESRCH, EPERM. See killpg(3).
    pub fn interrupt(&self) -> io::Result<()> {
        if self.status.is_some() {
            return Err(io::Error::from_raw_os_error(libc::ESRCH));
        }
        let group = getpgid(Some(self.started.program))?;
        Ok(killpg(group, Signal::SIGINT)?)
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// ESRCH, EPERM. See kill(2).
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        if self.status.is_some() {
            return Err(io::Error::from_raw_os_error(libc::ESRCH));
        }
        Ok(kill(self.started.program, signal)?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        if self.status.is_none() {
            let _ = kill(self.started.program, Signal::SIGKILL);
            let _ = self.wait(None);
        }
        if let Some(holder) = self.started.holder {
            end(holder);
        }
    }
}

/// Kills and collects a child that cannot refuse.
fn end(child: Pid) {
    // The submission may have killed it.
    let _ = kill(child, Signal::SIGKILL);
    let _ = waitpid(child, None);
}
