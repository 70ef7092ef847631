//! A thread wakes the main thread by a signal, as the end of a child would.
//!
//! The kernel sends SIGCHLD when a child process ends. When a thread ends, it sends nothing.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Sends SIGCHLD to this process; its main thread waits for signals.
///
/// A signal needs no descriptor and cannot be missed. Several that are pending count as one. See
/// signal(7).
pub fn wake() {
    kill(Pid::this(), Signal::SIGCHLD).expect("a process may always signal itself");
}
