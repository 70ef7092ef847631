//! A person at a terminal of 80 columns.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{Winsize, openpty};
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{Termios, tcgetattr};
use nix::unistd::Pid;

/// Ctrl-], which says that an action is done.
pub(crate) const DONE: &str = "\u{1d}";
/// Whatever is waited for comes before this, on a busy machine too.
const LIMIT: Duration = Duration::from_secs(60);

/// Before a program that runs on the terminal.
pub(crate) struct Person {
    pub(crate) child: Child,
    master: File,
    slave: OwnedFd,
    before: Termios,
    seen: String,
    /// What was seen before this place is known already.
    known: usize,
}

impl Person {
    /// Starts a program.
    pub(crate) fn start(command: &mut Command) -> Person {
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        let pair = openpty(Some(&size), None).unwrap();
        let before = tcgetattr(&pair.slave).unwrap();
        let end = || Stdio::from(pair.slave.try_clone().unwrap());
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        fcntl(&pair.master, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
        let master = File::from(pair.master);
        Person { child, master, slave: pair.slave, before, seen: String::new(), known: 0 }
    }

    /// Waits until a text is shown, after what was waited for before.
    pub(crate) fn see(&mut self, text: &str) {
        let begin = Instant::now();
        loop {
            self.look();
            if let Some(at) = self.seen[self.known..].find(text) {
                self.known += at + text.len();
                return;
            }
            let is_late = begin.elapsed() >= LIMIT;
            assert!(!is_late, "{text:?} is not in:\n{}", &self.seen[self.known..]);
            let mut ends = [PollFd::new(self.master.as_fd(), PollFlags::POLLIN)];
            poll(&mut ends, PollTimeout::from(20_u8)).unwrap();
        }
    }

    /// Types.
    pub(crate) fn press(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).unwrap();
    }

    /// Types a line for each prompt.
    pub(crate) fn answer(&mut self, lines: &[(&str, &str)]) {
        for (prompt, line) in lines {
            self.see(prompt);
            self.press(line);
            self.press("\r");
        }
    }

    /// Waits for the end of the program; its exit status, and all that was shown.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let begin = Instant::now();
        let status = loop {
            self.look();
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(begin.elapsed() < LIMIT, "it does not end:\n{}", self.seen);
            let mut ends = [PollFd::new(self.master.as_fd(), PollFlags::POLLIN)];
            poll(&mut ends, PollTimeout::from(20_u8)).unwrap();
        };
        self.look();
        assert_eq!(self.mode(), self.before, "the terminal is not as it was");
        (status.code(), self.seen)
    }

    /// Makes the window of the terminal another size.
    pub(crate) fn resize(&self, rows: u16, columns: u16) {
        let mut stty = Command::new("stty");
        stty.args(["rows", &rows.to_string(), "cols", &columns.to_string()]);
        assert!(stty.stdin(self.slave.try_clone().unwrap()).status().unwrap().success());
    }

    /// Sends the program a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id() as i32), signal).unwrap();
    }

    /// How the terminal is now.
    pub(crate) fn is_as_before(&self) -> bool {
        self.mode() == self.before
    }

    fn mode(&self) -> Termios {
        tcgetattr(&self.slave).unwrap()
    }

    fn look(&mut self) {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = self.master.read(&mut buffer) {
            self.seen += &String::from_utf8_lossy(&buffer[..count]);
        }
    }
}
