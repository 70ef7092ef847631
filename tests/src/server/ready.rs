//! How a server gets ready, and how one is told that does not.

use std::io;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno;

use crate::evidence::Finding;
use crate::leftovers::{self, ipc};
use crate::processes::family::Family;
use crate::server::output::Output;
use crate::server::{START_MAX, Server};
use crate::target::Author;
use crate::{address, verdict, wait};

/// A compiler that is writing the program is soon done.
const BUSY_MAX: Duration = Duration::from_secs(2);
/// A process that has closed its stdout without a word is about to end.
const END_MAX: Duration = Duration::from_millis(200);

impl Server {
    /// Starts it and does not wait.
    pub(crate) fn begin(&mut self, mut command: Command) -> Result<(), Finding> {
        assert!(self.child.is_none(), "the server runs already");
        let is_foreign = self.target.author() == Author::Stranger;
        if is_foreign {
            verdict::starts(self.target.program());
        }
        if !leftovers::has_namespace() {
            self.before = ipc::all();
        }
        let mut family = Family::of(&mut command);
        command.stdout(Stdio::piped());
        let is_busy = |error: &io::Error| error.raw_os_error() == Some(Errno::ETXTBSY as i32);
        let spawned = wait::patiently(BUSY_MAX, || match command.spawn() {
            Err(error) if is_busy(&error) => None,
            result => Some(result),
        });
        let mut child = match spawned {
            Some(Ok(child)) => child,
            Some(Err(error)) => return Err(self.cannot_be_started(&error)),
            None => return Err(self.cannot_be_started(&Errno::ETXTBSY.into())),
        };
        self.started = Instant::now();
        self.stdout = child.stdout.take().map(Output::read);
        self.stderr = child.stderr.take().map(Output::read);
        family.begins_with(child.id() as i32);
        self.family = Some(family);
        self.child = Some(child);
        Ok(())
    }

    /// Waits for the ready line: an error if the server ends, or [`START_MAX`] passes, without one.
    pub(crate) fn gets_ready(&mut self) -> Result<(), Finding> {
        let stdout = self.stdout.clone().expect("it was started");
        let child = self.child.as_mut().expect("it was started");
        let mut ended = None;
        wait::patiently(START_MAX, || {
            ended = child.try_wait().expect("it is our child");
            (ended.is_some() || stdout.has_ended() || stdout.ready_line().is_some()).then_some(())
        });
        if ended.is_some() && stdout.ready_line().is_none() {
            stdout.drain();
        } else if ended.is_none() && stdout.has_ended() {
            ended = wait::patiently(END_MAX, || child.try_wait().expect("it is our child"));
        }
        let Some(line) = stdout.ready_line() else { return Err(self.no_ready_line(ended)) };
        self.crashed = false;
        if self.stage().mechanism().has_address() && !address::remember(&self.dir(), &line) {
            let expected = "a third word ADDR:PORT in its ready line: where it listens";
            return Err(Finding::new("a start", expected, stdout));
        }
        Ok(())
    }

    /// An error if the process that was started is not the server any more.
    pub(crate) fn stays(&mut self) -> Result<(), Finding> {
        let child = self.child.as_mut().expect("it was started");
        let Some(status) = child.try_wait().expect("it is our child") else { return Ok(()) };
        let expected = "the process that was started is the server, in the foreground";
        Err(Finding::new("a start", expected, format!("it ended with {status}{}", self.left())))
    }

    /// Whom a process that has ended has left, if anybody.
    pub(super) fn left(&self) -> String {
        let names = self.family.as_ref().map(Family::names).unwrap_or_default();
        if names.is_empty() { String::new() } else { format!(", left {names:?}") }
    }

    fn no_ready_line(&self, ended: Option<ExitStatus>) -> Finding {
        let stdout = self.stdout.as_ref().expect("it was started");
        let took = wait::seconds(self.started.elapsed());
        let how = match ended {
            Some(status) => {
                self.stderr.iter().for_each(Output::drain);
                format!("it ended with {status} after {took}{}", self.left())
            }
            None => format!(
                "it still ran after {took}; {} (SPECTACLES_PATIENCE=3 makes every time-out 3 \
                 times as long)",
                stdout.advice()
            ),
        };
        let limit = wait::seconds(wait::scaled(START_MAX));
        let expected = format!("a line `ready <package> <where>` on stdout within {limit}");
        let came = format!("{stdout}; {how}; it logged:\n{}", self.last_words());
        Finding::new("a start", expected, came)
    }

    /// A program that is none, as its user should see it.
    fn cannot_be_started(&self, error: &io::Error) -> Finding {
        let program = self.target.program();
        let errno = error.raw_os_error().map(Errno::from_raw);
        let why = match errno {
            Some(Errno::ENOENT) if program.exists() => {
                "it is there, but the interpreter that its first line names is not"
            }
            Some(Errno::ENOENT) => "a relative path begins at the root of this project",
            Some(Errno::EACCES) if program.is_dir() => "it is a folder",
            Some(Errno::EACCES) => "is it executable? chmod +x",
            Some(Errno::ETXTBSY) => "somebody is writing it",
            _ => "",
        };
        let why = if why.is_empty() { String::new() } else { format!(" ({why})") };
        let sent = format!("{} --dir DIR", program.display());
        Finding::new(sent, "a program that can be started", format!("{}{why}", plain(error)))
    }
}

/// An error of the system without its number.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}
