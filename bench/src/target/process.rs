//! A child process that says lines, ends with us, and is never left behind.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use crate::machine::interrupt;

/// How long a process may take to end: on a busy machine 4096 threads do not end at once.
const END_MAX: Duration = Duration::from_secs(60);

/// How long it may tidy up when it must end early: a stop takes 2 s at most.
const TIDY_MAX: Duration = Duration::from_secs(4);

/// A running child, leader of a process group.
#[derive(Debug)]
pub struct Process {
    what: String,
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    ended: Option<ExitStatus>,
    /// The signal at which it removes what it has made, and ends.
    tidies_up: Option<Signal>,
}

impl Process {
    /// Starts it.
    ///
    /// # Errors
    /// ENOENT, EACCES. See execve(2).
    pub fn start(what: String, command: &mut Command) -> anyhow::Result<Process> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        harness::sys::tie_to_this_thread(command);
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = command.spawn().with_context(|| format!("cannot start {program}"))?;
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().context("its output is no pipe")?);
        Ok(Process { what, child, stdin, stdout, ended: None, tidies_up: None })
    }

    /// Has it tidy up at this signal before it is killed, whenever it must end early.
    pub fn let_it_tidy_up(&mut self, signal: Signal) {
        self.tidies_up = Some(signal);
    }

    /// Its PID.
    pub fn pid(&self) -> i32 {
        self.child.id() as i32
    }

    /// What it is, for messages.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// Says a line to it.
    ///
    /// # Errors
    /// EPIPE if it has ended.
    pub fn write_line(&mut self, line: &str) -> anyhow::Result<()> {
        let stdin = self.stdin.as_mut().context("its input is closed")?;
        writeln!(stdin, "{line}").with_context(|| format!("cannot speak to {}", self.what))
    }

    /// The next line that it says, without its end.
    ///
    /// # Errors
    /// If none comes within `limit`, or it has ended.
    pub fn read_line(&mut self, limit: Duration) -> anyhow::Result<String> {
        let deadline = Instant::now() + limit;
        while self.stdout.buffer().is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            if interrupt::wait_readable(self.stdout.get_ref(), left)? {
                break;
            }
            ensure!(!left.is_zero(), "{} says nothing for {limit:?}", self.what);
        }
        let mut line = String::new();
        let size = self.stdout.read_line(&mut line).context("cannot hear it")?;
        if size == 0 {
            let end = self.wait(END_MAX)?;
            bail!("{} has ended: {}", self.what, describe(end));
        }
        Ok(line.trim_end().to_owned())
    }

    /// How it has ended, if it has.
    ///
    /// # Errors
    /// None that can happen.
    pub fn try_wait(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait().context("cannot wait for a child")?;
        }
        Ok(self.ended)
    }

    /// Ends its input, after which it should end by itself.
    pub fn close_input(&mut self) {
        self.stdin = None;
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// ESRCH if it has ended.
    pub fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        kill(Pid::from_raw(self.pid()), signal)
            .with_context(|| format!("cannot send {signal} to {}", self.what))
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// If it does not end within `limit`.
    pub fn wait(&mut self, limit: Duration) -> anyhow::Result<ExitStatus> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.try_wait()? {
                return Ok(status);
            }
            ensure!(Instant::now() < deadline, "{} does not end", self.what);
            interrupt::pause(Duration::from_millis(1))?;
        }
    }

    /// Has it end well: by a signal, or by the end of its input.
    ///
    /// # Errors
    /// If it does not, or not well.
    pub fn stop(&mut self, signal: Option<Signal>) -> anyhow::Result<()> {
        if let Some(signal) = signal {
            self.signal(signal)?;
        }
        self.close_input();
        let status = self.wait(END_MAX)?;
        ensure!(status.success(), "{} has ended: {}", self.what, describe(status));
        Ok(())
    }
}

/// An exit status in words.
pub fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => {
            let name = Signal::try_from(signal).map_or("an unknown signal", Signal::as_str);
            format!("killed by {name}")
        }
        (None, None) => status.to_string(),
    }
}

/// This program once more, in another part.
///
/// # Errors
/// If it cannot find itself.
pub fn ourselves() -> anyhow::Result<Command> {
    Ok(Command::new(env::current_exe().context("cannot find this program")?))
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.ended.is_some() {
            return;
        }
        if let Some(signal) = self.tidies_up
            && self.signal(signal).is_ok()
            && self.wait(TIDY_MAX).is_ok()
        {
            return;
        }
        // Its own children are in its group; ESRCH means that all have ended.
        let _gone = killpg(Pid::from_raw(self.pid()), Signal::SIGKILL);
        if let Err(error) = self.child.wait() {
            eprintln!("bench: cannot wait for {}: {error}", self.what);
        }
    }
}
