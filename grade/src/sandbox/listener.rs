//! Hears what comes out of a box, and bounds it: by time, and by size.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::process::{Child, ChildStderr, ChildStdout};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::sandbox::failure::Failure;
use crate::sandbox::frames::{Frames, Kind};
use crate::sandbox::tree::Tree;

/// What a judge may say in one job.
const MAX_SAID: usize = 64 << 20;
/// What is kept of its errors: the end.
const MAX_ERRORS: usize = 8192;
/// How long a box may take to die.
const DEATH: Duration = Duration::from_secs(5);

/// Hears what comes out of a box.
pub(crate) struct Listener<'a> {
    on_line: &'a mut dyn FnMut(&str),
    deadline: Instant,
    time_limit: Duration,
    max_tree: usize,
    frames: Frames,
    n_said: usize,
    /// Whether the box was made.
    pub(crate) is_ready: bool,
    /// The folder that was sent.
    pub(crate) tree: Option<Tree>,
    /// The end of what its processes of ours said on standard error.
    pub(crate) errors: Vec<u8>,
    /// What went wrong.
    pub(crate) failure: Option<Failure>,
}

impl<'a> Listener<'a> {
    pub(crate) fn new(
        time_limit: Duration,
        scratch_bytes: u64,
        on_line: &'a mut dyn FnMut(&str),
    ) -> Listener<'a> {
        Listener {
            on_line,
            deadline: Instant::now() + time_limit,
            time_limit,
            // Each file has a head, and is filled up to 512 bytes.
            max_tree: (scratch_bytes as usize).saturating_mul(2),
            frames: Frames::default(),
            n_said: 0,
            is_ready: false,
            tree: None,
            errors: Vec::new(),
            failure: None,
        }
    }

    /// Listens until both pipes are closed: nothing of the box is left then.
    pub(crate) fn listen(
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
