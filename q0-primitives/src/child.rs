//! Children that never outlive their parent by accident, and how they ended.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use common::program::exit;
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;
use nix::unistd::{Pid, getppid};

use crate::sys;

/// The exit status of a child that panicked, the one Rust gives a whole process.
const PANICKED: u8 = 101;

/// Makes a child that the kernel kills when its parent dies; returns its PID, or None in the child.
///
/// # Errors
/// EAGAIN, ENOMEM. See fork(2), PR_SET_PDEATHSIG(2const).
pub fn fork() -> io::Result<Option<Pid>> {
    let parent = Pid::this();
    let child = sys::fork()?;
    if child.is_none() {
        // If the parent died before that call, there is no signal to come.
        if prctl::set_pdeathsig(Signal::SIGKILL).is_err() || getppid() != parent {
            sys::_exit(exit::FAILED);
        }
    }
    Ok(child)
}

/// A child's whole life: runs `body`, and ends the process with the status that it returns.
///
/// The child has a copy of the parent's stack. It must not return into it, nor unwind into it, nor
/// run destructors that belong to the parent; `_exit` sees to that.
pub fn live(program: &str, body: impl FnOnce() -> anyhow::Result<u8>) -> ! {
    let status = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(status)) => status,
        Ok(error) => {
            exit::report(program, error);
            exit::FAILED
        }
        // The panic hook has said where and why.
        Err(_) => PANICKED,
    };
    sys::_exit(status)
}

/// How a child ended, in the words of wait(2).
pub fn describe(status: WaitStatus) -> String {
    match status {
        WaitStatus::Exited(pid, status) => format!("process {pid} exited with status {status}"),
        WaitStatus::Signaled(pid, signal, false) => format!("process {pid} was killed by {signal}"),
        WaitStatus::Signaled(pid, signal, true) => {
            format!("process {pid} was killed by {signal} (core dumped)")
        }
        other => format!("{other:?}"),
    }
}

/// The status that a shell gives a child's end: its exit status, or 128 and the signal's number.
pub fn shell_status(status: WaitStatus) -> u8 {
    match status {
        WaitStatus::Exited(_, status) => status as u8,
        WaitStatus::Signaled(_, signal, _) => 128 + signal as u8,
        _ => exit::FAILED,
    }
}

/// Tells a relative this process's PID.
///
/// # Errors
/// EPIPE if nobody listens.
pub fn send_pid(writer: &mut PipeWriter) -> io::Result<()> {
    writer.write_all(&Pid::this().as_raw().to_ne_bytes())
}

/// The PID that a relative tells.
///
/// # Errors
/// `UnexpectedEof` if it has ended before.
pub fn receive_pid(reader: &mut PipeReader) -> io::Result<Pid> {
    let mut bytes = [0; 4];
    reader.read_exact(&mut bytes)?;
    Ok(Pid::from_raw(i32::from_ne_bytes(bytes)))
}
