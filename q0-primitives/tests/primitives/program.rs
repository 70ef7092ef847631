//! One running program of the lesson: its lines, its keyboard, and an end in any case.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::Pid;
use q0_primitives::signals;

/// How long a loaded machine may take for what takes milliseconds.
const WAIT_MAX: Duration = Duration::from_secs(20);

/// A program that was started and is killed and reaped when this is dropped.
///
/// Its standard input is a pipe from us. If the test runner is killed, nothing is dropped, but the
/// pipe ends and with it the program.
pub(crate) struct Program {
    child: Child,
    keyboard: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Program {
    /// Starts `path` with these arguments.
    pub(crate) fn start(path: &str, arguments: &[&str]) -> Program {
        let mut command = Command::new(path);
        command.args(arguments);
        Program::spawn(command)
    }

    /// Starts a command that the test has made.
    pub(crate) fn spawn(mut command: Command) -> Program {
        // The runner may have inherited odd things. Where SIGCHLD is ignored nobody can wait for a
        // child; a job in the background ignores SIGINT; a blocked signal stays blocked in every
        // program that is started.
        signals::reset(&[Signal::SIGCHLD, Signal::SIGINT]).expect("they can be reset");
        SigSet::empty().thread_set_mask().expect("it is a legal mask");
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let (keyboard, lines) =
            (child.stdin.take(), listen(child.stdout.take().expect("it is piped")));
        Program { child, keyboard, lines }
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id() as i32)
    }

    /// The next line that contains `text`.
    pub(crate) fn line(&self, text: &str) -> String {
        let deadline = Instant::now() + WAIT_MAX;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left);
            let line = line.unwrap_or_else(|_| panic!("no line with {text:?}"));
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Types a text.
    pub(crate) fn types(&mut self, text: &str) {
        let keyboard = self.keyboard.as_mut().expect("it is piped");
        keyboard.write_all(text.as_bytes()).expect("the program reads");
    }

    /// Presses Enter.
    pub(crate) fn enter(&mut self) {
        self.types("\n");
    }

    /// Sends a signal.
    pub(crate) fn kill(&self, signal: Signal) {
        kill(self.pid(), signal).expect("the program is there");
    }

    /// Waits until a condition holds.
    pub(crate) fn until(&self, condition: impl Fn() -> bool) {
        let deadline = Instant::now() + WAIT_MAX;
        while !condition() {
            assert!(Instant::now() < deadline, "it never holds");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits until a signal has ended the program, while its input stays open.
    pub(crate) fn ends_by(mut self, signal: Signal) {
        while self.lines.recv_timeout(WAIT_MAX).is_ok() {}
        let status = self.child.wait().expect("it is our child");
        assert_eq!(status.signal(), Some(signal as i32), "{status}");
    }

    /// Ends the input, and waits until the program has ended; returns the lines that were left.
    pub(crate) fn end(mut self) -> (ExitStatus, Vec<String>) {
        self.keyboard = None;
        let deadline = Instant::now() + WAIT_MAX;
        // Its lines end when it has ended, and its children too.
        let mut lines = Vec::new();
        while let Ok(line) =
            self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now()))
        {
            lines.push(line);
        }
        assert!(Instant::now() < deadline, "it does not end");
        (self.child.wait().expect("it is our child"), lines)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already: then there is nobody to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listen(out: ChildStdout) -> Receiver<String> {
    let (sender, lines) = channel();
    thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    lines
}

/// The number behind the first `word` of a line that is followed by one.
pub(crate) fn number(line: &str, word: &str) -> i64 {
    let words: Vec<_> = line.split([' ', ',', ':', ';']).filter(|word| !word.is_empty()).collect();
    let found =
        words.windows(2).find_map(|pair| if pair[0] == word { pair[1].parse().ok() } else { None });
    found.unwrap_or_else(|| panic!("no number behind {word:?} in {line:?}"))
}

/// The PID behind a word.
pub(crate) fn pid(line: &str, word: &str) -> Pid {
    Pid::from_raw(number(line, word) as i32)
}

/// A field of /proc/PID/status.
pub(crate) fn status(pid: Pid, field: &str) -> String {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process is there");
    let value = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    value.expect("the field is there").trim().to_owned()
}

/// Whether a signal is in a set of /proc/PID/status: SigIgn, SigCgt, SigBlk, SigPnd, ShdPnd.
pub(crate) fn has_signal(pid: Pid, set: &str, signal: Signal) -> bool {
    let set = u64::from_str_radix(&status(pid, set), 16).expect("a set is hexadecimal");
    set & (1 << (signal as u64 - 1)) != 0
}
