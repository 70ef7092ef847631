//! Starts the server of a submission for the program `wire-door`: this program goes behind the walls,
//! and becomes the server.
//!
//! So the server is a child of whoever asks it, with the same process id from the start on.

use std::ffi::OsString;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::chdir;
use serde::{Deserialize, Serialize};

use crate::launch::plan::Plan;
use crate::launch::program::Program;
use crate::launch::walls::Walls;
use crate::sys;

/// The program that asks a server; it stands beside this one.
pub const PROGRAM: &str = "wire-door";

/// The first argument that makes this program the server of a submission.
const ARGUMENT: &str = "behind-the-walls";
/// What a shell says if there is no such program.
const NOT_FOUND: u8 = 127;

/// What stands in the second argument.
#[derive(Debug, Deserialize, Serialize)]
struct Order {
    /// The descriptors of the user and the mount namespace, and how many processes there may be.
    walls: Option<(i32, i32, u64)>,
    cwd: PathBuf,
    argv: Vec<String>,
}

/// The arguments by which this program becomes a server, which works in `cwd`.
///
/// # Errors
/// If the path of the submission cannot be written as JSON.
pub(crate) fn words(walls: Option<&Walls>, cwd: &Path, argv: &[String]) -> io::Result<[String; 2]> {
    let numbers = |walls: &Walls| {
        let [user, mounts] = walls.descriptors();
        (user, mounts, walls.n_processes)
    };
    let order = Order { walls: walls.map(numbers), cwd: cwd.to_owned(), argv: argv.to_owned() };
    Ok([ARGUMENT.to_owned(), serde_json::to_string(&order)?])
}

impl Walls {
    /// The numbers of the descriptors that lead behind them.
    pub(crate) fn descriptors(&self) -> [i32; 2] {
        [self.user.as_raw_fd(), self.mounts.as_raw_fd()]
    }
}

/// Whether this process was started to become a server.
pub fn is_asked() -> bool {
    std::env::args_os().nth(1).is_some_and(|argument| argument == ARGUMENT)
}

/// Becomes the server; returns only if that fails.
pub fn run() -> ExitCode {
    let mut arguments = std::env::args_os().skip(2);
    let order = arguments.next().and_then(|order| order.into_string().ok());
    let order = order.and_then(|order| serde_json::from_str::<Order>(&order).ok());
    let Some(order) = order else {
        eprintln!("grade: {ARGUMENT} is for the grader itself");
        return ExitCode::from(2);
    };
    let name = order.argv.first().cloned().unwrap_or_default();
    match become_server(order, arguments) {
        Ok(never) => match never {},
        Err(error) => eprintln!("cannot start {name}: {error}"),
    }
    ExitCode::from(NOT_FOUND)
}

fn become_server(
    order: Order,
    more: impl Iterator<Item = OsString>,
) -> io::Result<std::convert::Infallible> {
    if let Some((user, mounts, n_processes)) = order.walls {
        let [user, mounts] = [user, mounts].map(|fd| Arc::new(sys::inherited(fd)));
        let walls = Walls { user, mounts, network: None, n_processes, environment: Vec::new() };
        walls.enter()?;
        // With the new user it was forgotten.
        set_pdeathsig(Signal::SIGKILL)?;
        walls.limit()?;
    }
    chdir(&order.cwd)?;
    let argv = order.argv.into_iter().map(OsString::from).chain(more).collect();
    let plan = Plan::new(&Program { argv, cwd: order.cwd, env: Vec::new() }, None)?;
    sys::default_signals()?;
    sys::close_range(3, libc::CLOSE_RANGE_CLOEXEC)?;
    Err(sys::execve(&plan.path, &plan.argv, &plan.envp).into())
}
