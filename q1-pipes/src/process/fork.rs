//! A forked process: named, dying with its parent, and leaving through one place.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::{Context, ensure};
use common::process;
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::{Pid, getppid};
use tracing::error;

use crate::sys;

/// The exit status of a worker that panicked, the one Rust gives a whole process.
const PANICKED: i32 = 101;

/// Forks a process that shows as `name` in `ps`, runs `body` and dies with this one; its exit
/// status is 0 if `body` succeeds.
///
/// # Errors
/// EAGAIN, ENOMEM. See fork(2).
pub fn fork(name: &str, body: impl FnOnce() -> anyhow::Result<()>) -> io::Result<Pid> {
    let parent = Pid::this();
    match sys::fork()? {
        Some(pid) => Ok(Pid::from_raw(pid)),
        // The one place where a worker leaves: no destructor of the parent's runs in it.
        None => sys::_exit(live(parent, name, body)),
    }
}

/// A worker's life; returns its exit status.
fn live(parent: Pid, name: &str, body: impl FnOnce() -> anyhow::Result<()>) -> i32 {
    let result = catch_unwind(AssertUnwindSafe(|| {
        prctl::set_pdeathsig(Signal::SIGKILL)
            .context("cannot ask for a signal when the parent dies")?;
        // If the parent died before that call, there is no signal to come.
        ensure!(getppid() == parent, "the parent is gone");
        process::name(name).context("cannot name the process")?;
        body()
    }));
    match result {
        Ok(Ok(())) => 0,
        Ok(Err(error)) => {
            error!("{name}: {error:#}");
            i32::from(common::exit::FAILED)
        }
        // The panic hook has said where and why.
        Err(_) => PANICKED,
    }
}
