//! What the standard library and nix leave out: what a child does between fork and exec.
#![allow(unsafe_code, reason = "pre_exec and ioctl are unsafe")]

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::errno::Errno;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use nix::unistd::setsid;

/// Has the child lead a session, listen to every signal, keep nothing of ours open, and die with the
/// thread that starts it.
///
/// With `has_terminal` its standard input becomes the controlling terminal of the session.
pub(crate) fn prepare(command: &mut Command, has_terminal: bool) {
    let prepare = move || -> io::Result<()> {
        setsid()?;
        if has_terminal {
            // SAFETY: TIOCSCTTY takes a number, no pointer; descriptor 0 is open.
            Errno::result(unsafe { libc::ioctl(0, libc::TIOCSCTTY, 0) })?;
        }
        set_pdeathsig(Signal::SIGKILL)?;
        sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)?;
        let flags = libc::CLOSE_RANGE_CLOEXEC as i32;
        // SAFETY: it marks descriptors of this process, which is about to call exec.
        Errno::result(unsafe { libc::close_range(3, u32::MAX, flags) })?;
        Ok(())
    };
    // SAFETY: the closure makes system calls only; it takes no lock and no memory.
    unsafe { command.pre_exec(prepare) };
}
