//! A client on the person's terminal: what is pressed goes to it, what it shows comes back, and both
//! are kept.

use std::io;
use std::os::fd::AsFd;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::Winsize;

use crate::launch::launcher::Launcher;
use crate::launch::process::Process;
use crate::launch::program::{Program, Streams};
use crate::terminal::pty::Terminal;
use crate::terminal::transcript::Transcript;
use crate::trial::own_terminal::OwnTerminal;
use crate::trial::recording::Shown;

/// Ctrl-], as in telnet(1): it goes to nobody.
const END: u8 = 0x1d;
/// The key that takes a letter back, and the one that takes the line back.
const ERASE: [u8; 2] = [0x7f, 0x08];
const KILL: u8 = 0x15;
/// More than this in one action, in bytes, is no answer.
const FLOOD: u64 = 1 << 20;
/// Between two looks at the size of the window and at whether the client runs.
const PAUSE: u16 = 50;
/// A client that is silent for so long has shown its menu.
const SILENCE: Duration = Duration::from_millis(300);

/// How an action ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The person said so.
    Said,
    /// The client ended.
    Client(ExitStatus),
    /// The client showed more than a person can read.
    Flood,
    /// The person's terminal is gone.
    Gone,
}

/// A client, and the person's terminal that it is on.
#[derive(Debug)]
pub struct Relay<'a> {
    own: &'a OwnTerminal,
    terminal: Terminal,
    process: Process,
    transcript: Transcript,
    size: Option<Winsize>,
}

impl<'a> Relay<'a> {
    /// Starts a client.
    ///
    /// # Errors
    /// Those of opening a terminal and of [`Launcher::start`].
    pub fn start(own: &'a OwnTerminal, launcher: &Launcher, program: &Program) -> io::Result<Self> {
        let terminal = Terminal::open()?;
        let slave = terminal.slave()?;
        let mut relay = Relay {
            own,
            process: launcher.start(program, Streams::Terminal(slave))?,
            terminal,
            transcript: Transcript::default(),
            size: None,
        };
        relay.resize();
        Ok(relay)
    }

    /// The line that the client waits at.
    pub fn prompt(&self) -> &str {
        self.transcript.text().rsplit('\n').next().unwrap_or_default()
    }

    /// Types what a person has typed to a client before, and waits until this one is silent.
    ///
    /// # Errors
    /// Those of the two terminals.
    pub fn type_again(&mut self, keys: &str) -> io::Result<()> {
        self.wait_for_silence()?;
        for line in keys.split_inclusive('\n') {
            self.terminal.write(line.as_bytes())?;
            self.wait_for_silence()?;
        }
        Ok(())
    }

    /// Passes on what is pressed and shown until the action is over, and gives both.
    ///
    /// # Errors
    /// Those of the two terminals.
    pub fn record(&mut self) -> io::Result<(Shown, End)> {
        let begin = self.transcript.text().len();
        let received = self.transcript.received();
        let mut action = Action { keys: Vec::new(), last: begin };
        let end = loop {
            self.resize();
            let is_pressed = self.wait()?;
            let status = self.process.status()?;
            // What it had shown before it ended is there now.
            self.pass_on()?;
            if let Some(status) = status {
                break End::Client(status);
            }
            if self.transcript.received() - received > FLOOD {
                break End::Flood;
            }
            if is_pressed {
                let Some(keys) = self.own.keys()? else { break End::Gone };
                let until = keys.iter().position(|key| *key == END);
                for &key in &keys[..until.unwrap_or(keys.len())] {
                    self.press(key, &mut action)?;
                }
                if until.is_some() {
                    self.pass_on()?;
                    break End::Said;
                }
            }
        };
        self.transcript.settle();
        let text = &self.transcript.text()[begin..];
        let keys = String::from_utf8_lossy(&action.keys).into_owned();
        Ok((Shown { keys, text: text.to_owned(), last: action.last - begin }, end))
    }

    /// One key: it is echoed as a terminal does, for the client's own terminal does not.
    fn press(&mut self, key: u8, action: &mut Action) -> io::Result<()> {
        let is_by_line = self.terminal.is_by_line();
        match key {
            b'\r' | b'\n' => {
                // What came before it belongs to before.
                self.pass_on()?;
                self.transcript.enter();
                action.last = self.transcript.text().len();
                action.keys.push(b'\n');
                if is_by_line {
                    self.own.show(b"\n")?;
                }
                return self.terminal.write(b"\n");
            }
            _ if is_by_line && ERASE.contains(&key) => {
                if action.take_back() {
                    self.own.show(b"\x08 \x08")?;
                    self.terminal.write(&ERASE[..1])?;
                }
                return Ok(());
            }
            KILL if is_by_line => {
                while action.take_back() {
                    self.own.show(b"\x08 \x08")?;
                }
            }
            _ => {
                action.keys.push(key);
                if is_by_line && key >= b' ' {
                    self.own.show(&[key])?;
                }
            }
        }
        self.terminal.write(&[key])
    }

    /// Waits for one of both, or a moment; whether the person has pressed a key.
    fn wait(&self) -> io::Result<bool> {
        let input = io::stdin();
        let mut ends = [
            PollFd::new(input.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.terminal.as_fd(), PollFlags::POLLIN),
        ];
        poll(&mut ends, PollTimeout::from(PAUSE))?;
        Ok(ends[0].any().unwrap_or(false))
    }

    /// Shows the person what the client has shown; whether there was anything.
    fn pass_on(&mut self) -> io::Result<bool> {
        let mut buffer = [0; 4096];
        let before = self.transcript.received();
        while self.transcript.received() - before <= FLOOD
            && let Ok(count @ 1..) = self.terminal.read(&mut buffer)
        {
            self.transcript.add(&buffer[..count]);
            self.own.show(&buffer[..count])?;
        }
        Ok(self.transcript.received() > before)
    }

    fn wait_for_silence(&mut self) -> io::Result<()> {
        let mut heard = Instant::now();
        let begin = self.transcript.received();
        while heard.elapsed() < SILENCE && self.transcript.received() - begin <= FLOOD {
            self.terminal.wait(SILENCE);
            if self.pass_on()? {
                heard = Instant::now();
            }
        }
        Ok(())
    }

    /// The client's terminal is as large as the person's; where that has no size, it stays as it is.
    fn resize(&mut self) {
        let size = self.own.size().ok().filter(|size| size.ws_col > 0 && size.ws_row > 0);
        if let Some(size) = size.filter(|size| self.size.as_ref() != Some(size)) {
            // A client that does not know has the wrong width, and goes on.
            let _ = self.terminal.resize(&size);
            self.size = Some(size);
        }
    }
}

/// What was typed since an action began.
struct Action {
    keys: Vec<u8>,
    /// Where in the transcript the answer to its last line begins.
    last: usize,
}

impl Action {
    /// Takes back the last letter of the line, if it has one.
    fn take_back(&mut self) -> bool {
        let is_part = |byte: u8| byte & 0xc0 == 0x80;
        let is_in_line = self.keys.last().is_some_and(|&key| key != b'\n');
        while is_in_line && self.keys.pop().is_some_and(is_part) {}
        is_in_line
    }
}
