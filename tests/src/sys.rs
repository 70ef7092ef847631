//! What a child must do between fork and exec, and a message of any length.
#![allow(unsafe_code, reason = "pre_exec is unsafe, and nix has no msgsnd")]

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};

/// Has the child die with the thread that starts it, lead a process group, and listen to every
/// signal.
pub fn tie_to_this_thread(command: &mut Command) -> &mut Command {
    let prepare = || -> io::Result<()> {
        set_pdeathsig(Signal::SIGKILL)?;
        sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)?;
        Ok(())
    };
    command.process_group(0);
    // SAFETY: the closure makes two system calls; it takes no lock and no memory.
    unsafe { command.pre_exec(prepare) }
}

/// Sends any bytes as a message of any type, without waiting.
///
/// # Errors
/// EAGAIN if the queue is full, EINVAL for a type below 1 or a text over msgmax. See msgsnd(2).
pub(crate) fn msgsnd(queue: i32, mtype: i64, text: &[u8]) -> io::Result<()> {
    let message = [&mtype.to_ne_bytes(), text].concat();
    // SAFETY: the kernel reads the type, 8 bytes, and the text behind it: the whole of `message`.
    let result =
        unsafe { libc::msgsnd(queue, message.as_ptr().cast(), text.len(), libc::IPC_NOWAIT) };
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
