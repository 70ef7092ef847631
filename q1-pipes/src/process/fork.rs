//! A forked process: it has a name, dies with its parent, and leaves through one place.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::{Context, ensure};
use common::program::process;
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
/// If this process has more than one thread; EAGAIN, ENOMEM. See fork(2).
pub fn fork(name: &str, body: impl FnOnce() -> anyhow::Result<()>) -> io::Result<Pid> {
    let parent = Pid::this();
    match sys::fork()? {
        Some(pid) => Ok(Pid::from_raw(pid)),
        // The one place where a worker leaves: none of the parent's destructors runs in it.
        None => sys::_exit(run_child(parent, name, body)),
    }
}

/// What the child does; returns its exit status.
fn run_child(parent: Pid, name: &str, body: impl FnOnce() -> anyhow::Result<()>) -> i32 {
    let result = catch_unwind(AssertUnwindSafe(|| {
        prctl::set_pdeathsig(Signal::SIGKILL)
            .context("cannot ask for a signal when the parent dies")?;
        // If the parent died before that call, no signal comes.
        ensure!(getppid() == parent, "the parent is gone");
        process::name(name).context("cannot name the process")?;
        body()
    }));
    match result {
        Ok(Ok(())) => 0,
        Ok(Err(error)) => {
            error!("{name}: {error:#}");
            i32::from(common::program::exit::FAILED)
        }
        // The panic hook has said where and why.
        Err(_) => PANICKED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::wait::{WaitStatus, waitpid};
    use std::sync::mpsc::channel;
    use std::thread;

    #[test]
    fn a_process_of_two_threads_is_not_forked() {
        let (end, is_over) = channel::<()>();
        let second = thread::spawn(move || is_over.recv());
        let refused = fork("a child", || Ok(())).unwrap_err().to_string();
        drop(end);
        second.join().unwrap().unwrap_err();
        assert!(refused.contains("threads"), "{refused}");
    }

    #[test]
    fn a_process_of_one_thread_is_forked_and_its_child_ends_with_what_the_body_says() {
        let status =
            |pid| waitpid(pid, None).map(|status| matches!(status, WaitStatus::Exited(_, 0)));
        let alone = sys::fork_beside_threads().unwrap();
        let Some(pid) = alone else {
            let good = fork("succeeds", || Ok(())).and_then(|pid| Ok(status(pid)?));
            let bad = fork("fails", || anyhow::bail!("no")).and_then(|pid| Ok(status(pid)?));
            sys::_exit(i32::from(!matches!((good, bad), (Ok(true), Ok(false)))))
        };
        assert!(status(Pid::from_raw(pid)).unwrap());
    }
}
