//! A pseudo-terminal: the grader holds the master, the submission gets the slave.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll, ppoll};
use nix::pty::{Winsize, openpty};
use nix::sys::termios::{
    LocalFlags, OutputFlags, SetArg, SpecialCharacterIndices, tcgetattr, tcsetattr,
};

use crate::sys;

/// Wide enough that no library breaks a line of a menu.
const SIZE: Winsize = Winsize { ws_row: 50, ws_col: 250, ws_xpixel: 0, ws_ypixel: 0 };

/// Device of /dev/tty: whoever has it open reads from its own terminal.
const OWN_TERMINAL: u64 = nix::libc::makedev(5, 0);

/// A terminal that neither echoes nor puts carriage returns.
#[derive(Debug)]
pub struct Terminal {
    master: File,
    slave: OwnedFd,
    device: u64,
}

impl Terminal {
    /// Opens one.
    ///
    /// # Errors
    /// See openpty(3): ENOENT, ENOSPC, EMFILE and others.
    pub fn open() -> io::Result<Terminal> {
        let pair = openpty(Some(&SIZE), None)?;
        let mut mode = tcgetattr(&pair.slave)?;
        mode.local_flags.remove(LocalFlags::ECHO);
        mode.output_flags.remove(OutputFlags::ONLCR);
        tcsetattr(&pair.slave, SetArg::TCSANOW, &mode)?;
        fcntl(&pair.master, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        let slave = File::from(pair.slave);
        let device = slave.metadata()?.rdev();
        Ok(Terminal { master: File::from(pair.master), slave: slave.into(), device })
    }

    /// The end for a program.
    ///
    /// # Errors
    /// EMFILE. See dup(2).
    pub fn slave(&self) -> io::Result<OwnedFd> {
        self.slave.try_clone()
    }

    /// Whether a file with this device number is this terminal.
    pub fn is(&self, device: u64) -> bool {
        device == self.device || device == OWN_TERMINAL
    }

    /// What was written to it, as far as it is there: 0 bytes if nothing is.
    ///
    /// # Errors
    /// See read(2).
    pub fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match (&self.master).read(buffer) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
            other => other,
        }
    }

    /// Types: at most what the terminal has room for, which are some kilobytes.
    ///
    /// # Errors
    /// See write(2).
    pub fn write(&self, bytes: &[u8]) -> io::Result<()> {
        match (&self.master).write(bytes) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
            _ => Ok(()),
        }
    }

    /// Makes it as large as another one is.
    ///
    /// # Errors
    /// See TIOCSWINSZ(2const).
    pub fn resize(&self, size: &Winsize) -> io::Result<()> {
        sys::set_window_size(self.master.as_fd(), size)
    }

    /// Whether whoever reads it gets whole lines, which can be corrected before Enter.
    pub fn is_by_line(&self) -> bool {
        let mode = tcgetattr(&self.slave);
        mode.is_ok_and(|mode| mode.local_flags.contains(LocalFlags::ICANON))
    }

    /// Whether something was typed that nobody has read yet.
    ///
    /// The call also moves to the slave what the kernel had put aside: after it, nothing is under way.
    pub fn has_input(&self) -> bool {
        let mut ends = [PollFd::new(self.slave.as_fd(), PollFlags::POLLIN)];
        poll(&mut ends, PollTimeout::ZERO) == Ok(1)
    }

    /// Whether a read of it does not wait: whoever reads it asks again and again.
    pub fn is_polled(&self) -> bool {
        let flags = fcntl(&self.slave, FcntlArg::F_GETFL).map(OFlag::from_bits_truncate);
        let mode = tcgetattr(&self.slave);
        flags.is_ok_and(|flags| flags.contains(OFlag::O_NONBLOCK))
            || mode.is_ok_and(|mode| {
                let least = mode.control_chars[SpecialCharacterIndices::VMIN as usize];
                !mode.local_flags.contains(LocalFlags::ICANON) && least == 0
            })
    }

    /// Waits until something was written to it, but no longer than this.
    pub fn wait(&self, at_most: Duration) {
        let mut ends = [PollFd::new(self.master.as_fd(), PollFlags::POLLIN)];
        // Interrupted or not, the caller looks again.
        let _ = ppoll(&mut ends, Some(at_most.into()), None);
    }
}

/// It can be read when something was written to it.
impl AsFd for Terminal {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.master.as_fd()
    }
}
