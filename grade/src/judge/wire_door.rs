//! The program `wire-door`, which asks a server the checks of this project's tests: it is started
//! beside the submission, and heard.
//!
//! It is a program of its own, so that a check may panic and hang, and so that the grader is built
//! without the servers of this project.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};
use serde::Deserialize;

use crate::judge::course::{Asked, Course};
use crate::judge::log::Log;
use crate::judge::surroundings::Surroundings;
use crate::launch::behind::{self, PROGRAM};
use crate::sys;

/// All checks of a promise take seconds; with a server that answers nothing the first one is the last.
const LIMIT: Duration = Duration::from_secs(120);
/// The longest wait for an answer; the protocol itself has deadlines of 5 s.
const WAIT_MAX: Duration = Duration::from_secs(7);
/// How often it is looked at whether it has ended.
const PAUSE: Duration = Duration::from_millis(20);

/// A line that it says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Line {
    /// The check.
    pub check: String,
    /// `begun`, `kept`, `broken`, `lacks` or `left_out`.
    pub outcome: String,
    /// What was done to the server.
    pub sent: String,
    /// What should have come.
    pub expected: String,
    /// What came.
    pub came: String,
}

/// How it ended.
#[derive(Debug)]
pub enum End {
    /// By itself, with all said.
    Well,
    /// By a signal that nobody but the submission sends.
    Killed,
    /// It was still at work after so long.
    TooLong(Duration),
    /// It could not do its work: why.
    Badly(String),
}

/// All that it said.
#[derive(Debug)]
pub struct Heard {
    lines: Vec<Line>,
    /// How it ended.
    pub end: End,
}

impl Heard {
    /// The lines with this outcome.
    pub fn named(&self, outcome: &'static str) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(move |line| line.outcome == outcome)
    }

    /// The check that was asked last.
    pub fn last(&self) -> &str {
        self.lines.last().map_or("nothing", |line| line.check.as_str())
    }
}

/// Asks the checks of a promise, or whether the server starts and stops.
///
/// # Errors
/// If the grader cannot ask.
pub fn ask(course: &Course<'_>, promise: Option<&str>) -> Asked<Heard> {
    if let Err(error) = course.surroundings.end_everything() {
        return course.cannot("end the submission's processes", &error);
    }
    course.refresh()?;
    let heard = start(course, promise).and_then(|(child, log)| hear(course, child, &log));
    let ended = course.surroundings.end_everything();
    match (heard, ended) {
        (Ok(heard), Ok(())) => Ok(heard),
        (Err(error), _) => course.cannot("ask by the wire door", &error),
        (_, Err(error)) => course.cannot("end the submission's processes", &error),
    }
}

fn start(course: &Course<'_>, promise: Option<&str>) -> io::Result<(Child, Log)> {
    let stage = course.question.stage().map_err(io::Error::other)?;
    let log = Log::new()?;
    let myself = File::open("/proc/self/exe")?;
    let mut kept_open: Vec<RawFd> = vec![myself.as_raw_fd()];
    let door;
    let mut command = match course.surroundings {
        Surroundings::Box(inside) => {
            door = inside.door()?;
            let mut command = Command::new(path(&door));
            command.env_clear().envs(inside.environment()).env("TMPDIR", "/tmp");
            command
        }
        Surroundings::Bare { .. } => Command::new(std::env::current_exe()?.with_file_name(PROGRAM)),
    };
    match promise {
        Some(promise) => command.args(["promise", promise, stage]),
        None => command.args(["start", stage]),
    };
    if let Surroundings::Box(inside) = course.surroundings {
        command.arg("--own-ipc");
        kept_open.extend(inside.walls().descriptors());
    }
    command.arg("--").arg(path(&myself));
    command.args(behind::words(course.launcher.walls(), &course.home, &course.question.server)?);
    let factor = course.patience.factor().clamp(0.1, 100.0);
    let seconds = course.patience.scale(WAIT_MAX).as_secs().max(1);
    command.env("SPECTACLES_PATIENCE", factor.to_string());
    command.env("SPECTACLES_WAIT_MAX", seconds.to_string());
    command.env_remove("SPECTACLES_SERVER").env_remove("SPECTACLES_EFFORT");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log.writer()?);
    sys::prepare(&mut command);
    sys::keep_open(&mut command, kept_open);
    Ok((command.spawn()?, log))
}

/// A descriptor as a path of a program.
fn path(file: &File) -> String {
    format!("/proc/self/fd/{}", file.as_raw_fd())
}

fn hear(course: &Course<'_>, mut child: Child, log: &Log) -> io::Result<Heard> {
    let stdout = child.stdout.take().ok_or_else(|| io::Error::other("it has no output"))?;
    let (tell, told) = crossbeam_channel::unbounded();
    thread::Builder::new().name(PROGRAM.to_owned()).spawn(move || {
        for line in lines(stdout) {
            // Who has heard enough listens no more.
            let _ = tell.send(line);
        }
    })?;
    let mut heard = Heard { lines: Vec::new(), end: End::Well };
    let limit = course.patience.scale(LIMIT);
    match listen(&mut child, &told, &mut heard, Instant::now() + limit)? {
        None => {
            // It may have ended in this moment.
            let _ = child.kill();
            child.wait()?;
            heard.end = End::TooLong(limit);
        }
        Some(status) if status.signal().is_some() => heard.end = End::Killed,
        Some(status) if !status.success() => {
            heard.end = End::Badly(format!("{status}: {}", log.text().trim()));
        }
        Some(_) => {}
    }
    Ok(heard)
}

fn lines(stdout: ChildStdout) -> impl Iterator<Item = Line> {
    let lines = BufReader::new(stdout).lines().map_while(Result::ok);
    lines.filter_map(|line| serde_json::from_str(&line).ok())
}

/// Hears it until it has ended; None: it took too long.
fn listen(
    child: &mut Child,
    told: &Receiver<Line>,
    heard: &mut Heard,
    deadline: Instant,
) -> io::Result<Option<ExitStatus>> {
    loop {
        match told.recv_timeout(PAUSE) {
            Ok(line) => heard.lines.push(line),
            // All is said; it is about to end.
            Err(RecvTimeoutError::Disconnected) => thread::sleep(PAUSE),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if let Some(status) = child.try_wait()? {
            // What was said before the end is there at the latest a moment after it.
            while let Ok(line) = told.recv_timeout(PAUSE * 5) {
                heard.lines.push(line);
            }
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
    }
}
