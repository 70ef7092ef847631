//! Runs one job in a box, from outside: starts it, hears it, and ends it in time.

use std::fmt;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::sandbox::frames::{Frames, Kind};
use crate::sandbox::inside::ARGUMENT;
use crate::sandbox::order::Order;
use crate::sandbox::tree::Tree;
use crate::sys;

/// What a box is like.
#[derive(Clone, Debug)]
pub struct BoxSpec {
    /// The program that judges inside: this one, as long as it calls [`crate::sandbox::inside`].
    pub judge: PathBuf,
    /// What is copied into it.
    pub submission: Tree,
    /// Bytes that the submission's folder may grow to.
    pub scratch_bytes: u64,
    /// From the start to the end of the judge inside.
    pub time_limit: Duration,
    /// Bytes that all processes of the submission may have in memory together.
    pub memory_bytes: u64,
    /// Processes and threads of the submission.
    pub n_processes: u64,
}

impl BoxSpec {
    /// The usual sizes.
    pub fn new(submission: Tree) -> BoxSpec {
        BoxSpec {
            judge: PathBuf::from("/proc/self/exe"),
            submission,
            scratch_bytes: 256 << 20,
            time_limit: Duration::from_secs(60),
            memory_bytes: 1 << 30,
            n_processes: 256,
        }
    }
}

/// Why a job did not end as it should.
#[derive(Debug)]
pub enum Failure {
    /// No box can be made on this machine: why.
    NoBox(String),
    /// The submission does not fit into the box.
    NoCopy(String),
    /// The box was killed at its time limit.
    TimeLimit(Duration),
    /// The judge inside ended with an error, or did not keep to its own rules.
    Judge(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::NoBox(why) => write!(f, "cannot make a box: {why}"),
            Failure::NoCopy(why) => write!(f, "cannot copy the submission into its box: {why}"),
            Failure::TimeLimit(limit) => {
                write!(f, "the box was killed after {:.1} s", limit.as_secs_f64())
            }
            Failure::Judge(why) => write!(f, "the judge in the box failed: {why}"),
        }
    }
}

impl std::error::Error for Failure {}

/// What a judge may say in one job.
const MAX_SAID: usize = 64 << 20;
/// What is kept of its errors: the end.
const MAX_ERRORS: usize = 8192;
/// How long a box may take to die.
const DEATH: Duration = Duration::from_secs(5);

/// Runs a job in a new box; each line of its judge goes to `on_line`.
///
/// Returns the submission's folder as the job left it, if the judge sent it.
///
/// # Errors
/// See [`Failure`].
pub fn run(
    spec: &BoxSpec,
    job: &str,
    on_line: &mut dyn FnMut(&str),
) -> Result<Option<Tree>, Failure> {
    let mut command = Command::new(&spec.judge);
    command.arg(ARGUMENT);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    sys::prepare(&mut command);
    let mut child = command.spawn().map_err(|error| {
        Failure::NoBox(format!("cannot start {}: {error}", spec.judge.display()))
    })?;
    let (Some(input), Some(output), Some(errors)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(Failure::NoBox("it has no pipes".to_owned()));
    };
    let order = Order {
        scratch_bytes: spec.scratch_bytes,
        memory_bytes: spec.memory_bytes,
        n_processes: spec.n_processes,
        job: job.to_owned(),
    };
    let mut listener = Listener::new(spec, on_line);
    let heard = thread::scope(|scope| {
        // A box that dies closes the pipe; who listens to it knows why.
        scope.spawn(|| send(input, &order, &spec.submission));
        listener.listen(output, errors, &mut child)
    });
    let status = child.wait().map_err(|error| Failure::Judge(error.to_string()))?;
    heard.map_err(|error| Failure::Judge(format!("cannot listen to it: {error}")))?;
    let errors = String::from_utf8_lossy(&listener.errors).trim().to_owned();
    match (listener.failure, status.code()) {
        (Some(failure), _) => Err(failure),
        (None, Some(0)) if listener.is_ready => Ok(listener.tree),
        _ => Err(Failure::Judge(format!("{status}: {errors}"))),
    }
}

fn send(mut input: ChildStdin, order: &Order, submission: &Tree) {
    let _ = order.write_to(&mut input).and_then(|()| input.write_all(submission.bytes()));
}

/// Hears what comes out of a box.
struct Listener<'a> {
    on_line: &'a mut dyn FnMut(&str),
    deadline: Instant,
    time_limit: Duration,
    max_tree: usize,
    frames: Frames,
    n_said: usize,
    is_ready: bool,
    tree: Option<Tree>,
    errors: Vec<u8>,
    failure: Option<Failure>,
}

impl<'a> Listener<'a> {
    fn new(spec: &BoxSpec, on_line: &'a mut dyn FnMut(&str)) -> Listener<'a> {
        Listener {
            on_line,
            deadline: Instant::now() + spec.time_limit,
            time_limit: spec.time_limit,
            // Each file has a head, and is filled up to 512 bytes.
            max_tree: (spec.scratch_bytes as usize).saturating_mul(2),
            frames: Frames::default(),
            n_said: 0,
            is_ready: false,
            tree: None,
            errors: Vec::new(),
            failure: None,
        }
    }

    /// Listens until both pipes are closed: nothing of the box is left then.
    fn listen(
        &mut self,
        output: ChildStdout,
        errors: ChildStderr,
        child: &mut Child,
    ) -> io::Result<()> {
        let (mut output, mut errors) = (Some(output), Some(errors));
        let mut buffer = vec![0; 64 << 10];
        while output.is_some() || errors.is_some() {
            let [can_read, has_errors] = wait(
                [output.as_ref().map(AsFd::as_fd), errors.as_ref().map(AsFd::as_fd)],
                self.deadline,
            )?;
            if can_read && let Some(pipe) = &mut output {
                let n = pipe.read(&mut buffer)?;
                self.hear(&buffer[..n]);
                if n == 0 || self.failure.is_some() {
                    // Whoever sees that nobody listens ends the box.
                    output = None;
                    self.deadline = self.deadline.min(Instant::now() + DEATH);
                }
            }
            if has_errors && let Some(pipe) = &mut errors {
                let n = pipe.read(&mut buffer)?;
                self.hear_errors(&buffer[..n]);
                if n == 0 {
                    errors = None;
                }
            }
            if !can_read && !has_errors && Instant::now() >= self.deadline {
                if output.take().is_none() {
                    child.kill()?;
                    errors = None;
                }
                self.failure.get_or_insert(Failure::TimeLimit(self.time_limit));
                self.deadline = Instant::now() + DEATH;
            }
        }
        Ok(())
    }

    fn hear(&mut self, bytes: &[u8]) {
        self.frames.add(bytes);
        while self.failure.is_none() {
            match self.frames.next() {
                Ok(Some((kind, payload))) => self.take(kind, &payload),
                Ok(None) => return,
                Err(why) => self.failure = Some(Failure::Judge(why)),
            }
        }
    }

    fn take(&mut self, kind: Kind, payload: &[u8]) {
        let text = || String::from_utf8_lossy(payload);
        match kind {
            Kind::Ready => self.is_ready = true,
            Kind::NoBox => self.failure = Some(Failure::NoBox(text().into_owned())),
            Kind::NoCopy => self.failure = Some(Failure::NoCopy(text().into_owned())),
            Kind::Line => {
                self.n_said += payload.len();
                if self.n_said > MAX_SAID {
                    self.failure = Some(Failure::Judge(format!("it said over {MAX_SAID} bytes")));
                    return;
                }
                (self.on_line)(&text());
            }
            Kind::Tree => {
                let tree = self.tree.get_or_insert_default();
                if tree.bytes().len() + payload.len() > self.max_tree {
                    self.failure = Some(Failure::Judge("its folder is too large".to_owned()));
                    return;
                }
                tree.extend(payload);
            }
        }
    }

    fn hear_errors(&mut self, bytes: &[u8]) {
        self.errors.extend(bytes);
        let excess = self.errors.len().saturating_sub(MAX_ERRORS);
        self.errors.drain(..excess);
    }
}

/// Which of the two pipes can be read, when one can or the deadline has passed.
fn wait(pipes: [Option<BorrowedFd<'_>>; 2], deadline: Instant) -> io::Result<[bool; 2]> {
    let left = deadline.saturating_duration_since(Instant::now());
    // One more: rounded down, the last millisecond would be spent polling.
    let timeout =
        PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX);
    let mut polled: Vec<PollFd<'_>> =
        pipes.iter().flatten().map(|pipe| PollFd::new(*pipe, PollFlags::POLLIN)).collect();
    match poll(&mut polled, timeout) {
        Ok(_) | Err(Errno::EINTR) => {}
        Err(errno) => return Err(errno.into()),
    }
    let mut answers = polled.iter().map(|fd| fd.any().unwrap_or(false));
    Ok(pipes.map(|pipe| pipe.is_some() && answers.next().unwrap_or(false)))
}
