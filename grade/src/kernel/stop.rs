//! Stopping a process for a while, and seeing to it that it is stopped.

use std::fs;
use std::io;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::kernel::thread;

/// A thread that sleeps in the kernel and cannot be woken is stopped when it leaves that: a disk is so
/// slow, and whoever has called vfork(2) may sleep for ever. Until then it does nothing of its own.
const SLEEP: Duration = Duration::from_secs(2);
/// On a busy machine the others take their time.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks.
const PAUSE: Duration = Duration::from_micros(200);

/// Stops a process, and returns when each of its threads is stopped: the signal alone says nothing.
///
/// # Errors
/// ESRCH if it has ended; ETIMEDOUT if it goes on. See kill(2).
pub fn stop(pid: i32) -> io::Result<()> {
    let begin = Instant::now();
    kill(Pid::from_raw(pid), Signal::SIGSTOP)?;
    loop {
        let states = if begin.elapsed() < SLEEP { "TtZX" } else { "TtZXD" };
        if thread::of(pid).into_iter().all(|tid| is_in(states, pid, tid)) {
            return Ok(());
        }
        if begin.elapsed() >= PATIENCE {
            return Err(io::ErrorKind::TimedOut.into());
        }
        sleep(PAUSE);
    }
}

/// Lets a stopped process go on.
///
/// # Errors
/// ESRCH if it has ended. See kill(2).
pub fn go_on(pid: i32) -> io::Result<()> {
    Ok(kill(Pid::from_raw(pid), Signal::SIGCONT)?)
}

/// Whether a thread is in one of these states, or has ended.
fn is_in(states: &str, pid: i32, tid: i32) -> bool {
    let stat = fs::read(format!("/proc/{pid}/task/{tid}/stat")).unwrap_or_default();
    // The name stands in parentheses, and may hold some itself.
    let end = stat.iter().rposition(|&byte| byte == b')');
    let state = end.and_then(|end| stat.get(end + 2));
    state.is_none_or(|state| states.as_bytes().contains(state))
}
