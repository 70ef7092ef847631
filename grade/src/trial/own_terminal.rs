//! The terminal of the person who runs this program.

use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;

use nix::pty::Winsize;
use nix::sys::termios::{SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::read;

use crate::sys;

/// The terminal; when it is dropped, it is as it was.
#[derive(Debug)]
pub struct OwnTerminal {
    before: Termios,
}

impl OwnTerminal {
    /// The terminal that standard input and output are; None: they are none.
    pub fn open() -> Option<OwnTerminal> {
        let (input, output) = (io::stdin(), io::stdout());
        let before = tcgetattr(&input).ok().filter(|_| output.is_terminal())?;
        Some(OwnTerminal { before })
    }

    /// From now on each key comes at once, Ctrl-C too, and nothing is echoed.
    ///
    /// # Errors
    /// See tcsetattr(3).
    pub fn take_keys(&self) -> io::Result<()> {
        let mut mode = self.before.clone();
        cfmakeraw(&mut mode);
        // What is shown goes through the terminal as always: a newline begins a line.
        mode.output_flags = self.before.output_flags;
        Ok(tcsetattr(io::stdin(), SetArg::TCSANOW, &mode)?)
    }

    /// It is as it was.
    pub fn restore(&self) {
        // It fails for a terminal that is gone.
        let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, &self.before);
    }

    /// How large it is.
    ///
    /// # Errors
    /// See TIOCGWINSZ(2const).
    pub fn size(&self) -> io::Result<Winsize> {
        sys::window_size(io::stdin().as_fd())
    }

    /// The keys that were pressed; it waits for one. None: the terminal is gone.
    ///
    /// # Errors
    /// See read(2).
    pub fn keys(&self) -> io::Result<Option<Vec<u8>>> {
        let mut keys = [0; 256];
        let count = read(io::stdin(), &mut keys)?;
        Ok((count > 0).then(|| keys[..count].to_vec()))
    }

    /// Shows bytes as they are.
    ///
    /// # Errors
    /// See write(2).
    pub fn show(&self, bytes: &[u8]) -> io::Result<()> {
        let mut output = io::stdout().lock();
        output.write_all(bytes)?;
        output.flush()
    }
}

impl Drop for OwnTerminal {
    fn drop(&mut self) {
        self.restore();
    }
}
