//! Runs one job in a box, from outside: starts it, hears it, and ends it in time.

use std::io::Write;
use std::path::PathBuf;
use std::process::{ChildStdin, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::sandbox::failure::Failure;
use crate::sandbox::inside::ARGUMENT;
use crate::sandbox::listener::Listener;
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
    let mut listener = Listener::new(spec.time_limit, spec.scratch_bytes, on_line);
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
