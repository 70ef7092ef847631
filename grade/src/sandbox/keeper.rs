//! The process around a box: it gives up its rights, makes the namespaces and their first process,
//! and ends that one when nobody listens any more.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl::{set_dumpable, set_pdeathsig};
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::{Mode, umask};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{
    Gid, Pid, Uid, chdir, getegid, geteuid, getpid, setgroups, setresgid, setresuid, setsid,
};

use crate::sandbox::sources::Sources;
use crate::sys;

/// Who root becomes: limits on the number of processes do not hold for root. Each box has a user of
/// its own, since all boxes of one user share what the kernel lets that user have: message queues,
/// pipes, timers. No machine gives these numbers to anybody.
const FIRST: u32 = 0x7fff_0000;
/// Where there are few users; every container that maps more than one has this one.
const NOBODY: u32 = 65534;

/// What a first process sets out with.
#[derive(Debug)]
pub(crate) struct Kept {
    /// The files that will be seen.
    pub(crate) sources: Sources,
}

/// Makes the namespaces; returns in their first process only. This process must have one thread.
///
/// # Errors
/// Says which step the machine does not allow.
pub(crate) fn enter(results: &File) -> Result<Kept> {
    chdir("/").context("cannot go to /")?;
    umask(Mode::S_IWGRP | Mode::S_IWOTH);
    // A kernel without keys has none to hide.
    let _ = sys::join_session_keyring();
    // Root sees folders that nobody sees: its trees are opened while it is root.
    let early = if geteuid().is_root() { Sources::open().ok() } else { None };
    let (user, group) = give_up_root()?;
    unshare(
        CloneFlags::CLONE_NEWUSER
            | CloneFlags::CLONE_NEWPID
            | CloneFlags::CLONE_NEWIPC
            | CloneFlags::CLONE_NEWNS
            | CloneFlags::CLONE_NEWNET
            | CloneFlags::CLONE_NEWUTS,
    )
    .context("cannot make namespaces")?;
    map(0, user.as_raw(), group.as_raw())?;
    let sources = match early {
        Some(sources) => sources,
        None => Sources::open()?,
    };
    let myself = sys::pidfd_open(getpid()).context("cannot watch a process")?;
    match sys::fork().context("cannot start the first process of a namespace")? {
        Some(first) => keep(first, results),
        None => begin(&myself)?,
    }
    Ok(Kept { sources })
}

/// Maps one user and one group of a new user namespace to those that this process has outside.
///
/// # Errors
/// EPERM: the machine does not allow it (AppArmor, a container).
pub(crate) fn map(inner: u32, user: u32, group: u32) -> Result<()> {
    let write = |file: &str, text: String| {
        fs::write(format!("/proc/self/{file}"), text)
            .with_context(|| format!("cannot write /proc/self/{file}"))
    };
    // Else the files below belong to root: this process may have been root.
    set_dumpable(true).context("cannot own my files in /proc")?;
    write("setgroups", "deny".to_owned())?;
    write("uid_map", format!("{inner} {user} 1"))?;
    write("gid_map", format!("{inner} {group} 1"))
}

/// Who it is from now on.
fn give_up_root() -> Result<(Uid, Gid)> {
    if !geteuid().is_root() {
        return Ok((geteuid(), getegid()));
    }
    let own = FIRST | getpid().as_raw() as u32 & 0xffff;
    // This root may be alone in a container: outside it is an ordinary user already.
    let mut now = (geteuid(), getegid());
    for id in [own, NOBODY] {
        let (user, group) = (Uid::from_raw(id), Gid::from_raw(id));
        let given_up = setgroups(&[])
            .and_then(|()| setresgid(group, group, group))
            .and_then(|()| setresuid(user, user, user));
        match given_up {
            Err(Errno::EINVAL | Errno::EPERM) => {}
            given_up => {
                given_up.context("cannot give up root")?;
                now = (user, group);
                break;
            }
        }
    }
    // The change cleared it.
    set_pdeathsig(Signal::SIGKILL).context("cannot die with the grader")?;
    Ok(now)
}

/// The first process begins: it dies with its keeper, leads a session, and cannot be traced.
fn begin(keeper: &OwnedFd) -> Result<()> {
    set_pdeathsig(Signal::SIGKILL).context("cannot die with the keeper")?;
    let mut polled = [PollFd::new(keeper.as_fd(), PollFlags::POLLIN)];
    if poll(&mut polled, PollTimeout::ZERO) != Ok(0) {
        // It died before that was said.
        sys::exit(1);
    }
    set_dumpable(false).context("cannot forbid tracing")?;
    sys::default_faults().context("cannot be deaf to signals")?;
    setsid().context("cannot lead a session")?;
    Ok(())
}

/// Waits for the first process; kills it when the reader of the results is gone.
fn keep(first: Pid, results: &File) -> ! {
    let code = match watch(first, results.as_fd()) {
        Ok(WaitStatus::Exited(_, code)) => code,
        Ok(status) => {
            eprintln!("the first process of the box ended: {status:?}");
            1
        }
        Err(error) => {
            eprintln!("cannot wait for the first process of the box: {error}");
            1
        }
    };
    std::process::exit(code)
}

fn watch(first: Pid, results: BorrowedFd<'_>) -> io::Result<WaitStatus> {
    let ended = sys::pidfd_open(first)?;
    loop {
        let mut polled = [
            PollFd::new(ended.as_fd(), PollFlags::POLLIN),
            // Asked for nothing, it still says that its reader is gone.
            PollFd::new(results, PollFlags::empty()),
        ];
        match poll(&mut polled, PollTimeout::NONE) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        let [has_ended, is_alone] = polled.map(|fd| fd.any().unwrap_or(true));
        if is_alone && !has_ended {
            kill(first, Signal::SIGKILL)?;
        }
        if has_ended || is_alone {
            return Ok(waitpid(first, None)?);
        }
    }
}
