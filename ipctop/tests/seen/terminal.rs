//! The terminal is given back as it was, whatever ends the screen: a key, a signal, a panic.

use std::env;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use harness::wait;
use ipctop::screen::terminal::Terminal;
use nix::pty::{Winsize, openpty};
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{LocalFlags, tcgetattr};
use nix::unistd::Pid;

/// What takes the terminal, and what gives it back.
const ENTER: &str = "\x1b[?1049h";
const LEAVE: &str = "\x1b[?1049l";
/// A look takes 50 ms; a loaded machine may need longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// A program on a terminal of its own.
pub(crate) struct OnTerminal {
    pub(crate) child: Child,
    pub(crate) master: File,
    slave: OwnedFd,
    seen: Vec<u8>,
}

impl OnTerminal {
    fn start(mut command: Command) -> OnTerminal {
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        let pty = openpty(&size, None).unwrap();
        let end = || pty.slave.try_clone().unwrap();
        command.env("TERM", "xterm").env("LANG", "C");
        command.stdin(end()).stdout(end()).stderr(end());
        let child = command.spawn().unwrap();
        OnTerminal { child, master: pty.master.into(), slave: pty.slave, seen: Vec::new() }
    }

    /// Reads until a text has been printed.
    fn wait_for(&mut self, text: &str) {
        while !String::from_utf8_lossy(&self.seen).contains(text) {
            let is_there = wait::until_readable(&self.master, PATIENCE);
            assert!(is_there, "no {text:?} in {:?}", String::from_utf8_lossy(&self.seen));
            let mut piece = [0; 4096];
            let len = self.master.read(&mut piece).unwrap();
            self.seen.extend_from_slice(&piece[..len]);
        }
    }

    /// Its end, after which the terminal must be as it was.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        self.wait_for(LEAVE);
        let status = self.child.wait().unwrap();
        let is_cooked = tcgetattr(&self.slave).unwrap().local_flags;
        assert!(is_cooked.contains(LocalFlags::ICANON | LocalFlags::ECHO), "{is_cooked:?}");
        while wait::until_readable(&self.master, Duration::ZERO) {
            let mut piece = [0; 4096];
            let len = self.master.read(&mut piece).unwrap();
            self.seen.extend_from_slice(&piece[..len]);
        }
        (status, String::from_utf8_lossy(&self.seen).into_owned())
    }
}

pub(crate) fn screen() -> OnTerminal {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipctop"));
    command.args(["--pid", &std::process::id().to_string()]);
    let mut screen = OnTerminal::start(command);
    screen.wait_for(ENTER);
    screen.wait_for("PROCESSES");
    screen
}

#[test]
fn a_key_or_a_signal_gives_the_terminal_back() {
    for key in [&b"q"[..], b"\x03"] {
        let mut screen = screen();
        screen.master.write_all(key).unwrap();
        let (status, _) = screen.end();
        assert!(status.success(), "{key:?}: {status}");
    }
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let screen = screen();
        kill(Pid::from_raw(screen.child.id() as i32), signal).unwrap();
        let (status, _) = screen.end();
        assert!(status.success(), "{signal}: {status}");
    }
}

/// Names the run of this test program in which the screen is to panic.
const PANICS: &str = "IPCTOP_TEST_PANICS";

#[test]
fn a_screen_that_panics_only_when_it_is_asked_to() {
    if env::var_os(PANICS).is_some() {
        let _terminal = Terminal::enter().unwrap();
        panic!("as it was meant to");
    }
}

#[test]
fn a_panic_gives_the_terminal_back_and_is_read_on_it() {
    let mut command = Command::new(env::current_exe().unwrap());
    let name = "terminal::a_screen_that_panics_only_when_it_is_asked_to";
    command.args(["--exact", name, "--nocapture"]).env(PANICS, "1");
    let mut panics = OnTerminal::start(command);
    panics.wait_for("as it was meant to");
    let (status, seen) = panics.end();
    assert_eq!(status.code(), Some(101));
    let left = seen.find(LEAVE).unwrap();
    assert!(left < seen.find("as it was meant to").unwrap(), "{seen:?}");
}
