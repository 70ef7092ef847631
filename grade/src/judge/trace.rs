//! strace(1), attached to a server for a few requests: for what nothing else tells.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::kernel::thread;

/// How long it may take to attach: some milliseconds for each thread.
const ATTACH_MAX: Duration = Duration::from_secs(5);

/// A trace that goes on.
#[derive(Debug)]
pub struct Trace {
    strace: Child,
    folder: TempDir,
    /// It says there whom it follows, and would end if nobody could hear it.
    _errors: ChildStderr,
}

/// A line of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Who.
    pub tid: i32,
    /// What, as strace writes it.
    pub text: String,
}

impl Trace {
    /// Attaches to those of these processes that live, and all of their threads and children. Its output
    /// goes to a folder beside `home`.
    ///
    /// # Errors
    /// There is no strace, or it may not trace.
    pub fn attach(home: &Path, pids: &[i32], options: &[&str]) -> io::Result<Trace> {
        // It attaches to no process whose first thread has ended, but to its others.
        let is_there = |tid: &i32| Path::new(&format!("/proc/{tid}/exe")).exists();
        let pids: Vec<i32> = pids.iter().map(|&pid| thread::living(pid)).filter(is_there).collect();
        let folder = tempfile::tempdir_in(home.parent().unwrap_or(home))?;
        let mut command = Command::new("strace");
        command.arg("-f").args(options).arg("-o").arg(folder.path().join("trace"));
        for pid in &pids {
            command.args([OsString::from("-p"), OsString::from(pid.to_string())]);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut strace = command.spawn()?;
        let errors = strace.stderr.take();
        let mut errors = errors.ok_or_else(|| io::Error::other("it has no errors"))?;
        let said = listen(&mut errors, pids.len());
        let mut trace = Trace { strace, folder, _errors: errors };
        let said = said?;
        if said.matches(" attached").count() >= pids.len() {
            return Ok(trace);
        }
        // It has ended, or does so now.
        let _ = trace.strace.kill();
        Err(io::Error::other(said.trim().to_owned()))
    }

    /// Detaches, and returns what was traced.
    ///
    /// # Errors
    /// The output cannot be read.
    pub fn end(mut self) -> io::Result<Vec<Line>> {
        kill(Pid::from_raw(self.strace.id() as i32), Signal::SIGTERM)?;
        self.strace.wait()?;
        let text = fs::read(self.folder.path().join("trace"))?;
        let text = String::from_utf8_lossy(&text);
        Ok(text.lines().filter_map(parse).collect())
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        // It has ended, unless an item was left before.
        let _ = self.strace.kill();
        let _ = self.strace.wait();
    }
}

fn parse(line: &str) -> Option<Line> {
    let (tid, text) = line.trim_start().split_once(' ')?;
    Some(Line { tid: tid.parse().ok()?, text: text.trim_start().to_owned() })
}

/// Reads what strace says until it is attached to so many processes, or has ended.
fn listen(from: &mut ChildStderr, n: usize) -> io::Result<String> {
    let begin = Instant::now();
    let mut said = String::new();
    while said.matches(" attached").count() < n && begin.elapsed() < ATTACH_MAX {
        let mut polled = [PollFd::new(from.as_fd(), PollFlags::POLLIN)];
        if poll(&mut polled, PollTimeout::from(100u8))? == 0 {
            continue;
        }
        let mut bytes = [0; 1024];
        match from.read(&mut bytes)? {
            0 => break,
            read => said += &String::from_utf8_lossy(&bytes[..read]),
        }
    }
    Ok(said)
}
