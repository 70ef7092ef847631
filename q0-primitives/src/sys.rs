//! fork, _exit, signal handlers, pending signals and the interval timer: the calls that nix has
//! not, or not safely.
#![allow(
    unsafe_code,
    reason = "each call is wrapped here in a safe function, with the reason why it is sound"
)]

use std::ffi::c_int;
use std::fs;
use std::io;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal};
use nix::unistd::{ForkResult, Pid};

/// Makes a child process, a copy of this one; returns its PID, or None in the child.
///
/// # Errors
/// EAGAIN, ENOMEM; or if this process has several threads. See fork(2).
pub fn fork() -> io::Result<Option<Pid>> {
    if fs::read_dir("/proc/self/task")?.count() != 1 {
        return Err(io::Error::other("a process with several threads must not fork"));
    }
    // SAFETY: this is the only thread, so the child's memory holds no lock of a vanished thread.
    match unsafe { nix::unistd::fork() }? {
        ForkResult::Parent { child } => Ok(Some(child)),
        ForkResult::Child => Ok(None),
    }
}

/// Ends this process at once: no destructor runs, no buffer is flushed. See _exit(2).
pub fn _exit(status: u8) -> ! {
    // SAFETY: takes an integer and never returns.
    unsafe { libc::_exit(c_int::from(status)) }
}

/// What is to happen when a signal is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// What signal(7) lists: most signals end the process.
    Default,
    /// Nothing.
    Ignore,
    /// A handler counts it, for [`taken`], and interrupts the call that was asleep.
    Count,
}

/// How often the handler ran, by signal number; signals are numbered from 1 to 64.
static TAKEN: [AtomicU32; 65] = [const { AtomicU32::new(0) }; 65];

/// The handler. It may run between any two instructions of the program, so it does only what
/// signal-safety(7) allows, and less: it adds to a lock-free atomic. Nobody prints in a handler.
extern "C" fn count(signal: c_int) {
    if let Some(taken) = usize::try_from(signal).ok().and_then(|signal| TAKEN.get(signal)) {
        taken.fetch_add(1, Ordering::Relaxed);
    }
}

/// How often [`Action::Count`] has taken a signal.
pub fn taken(signal: Signal) -> u32 {
    TAKEN[signal as usize].load(Ordering::Relaxed)
}

/// Chooses what a signal does to this process.
///
/// # Errors
/// EINVAL for SIGKILL and SIGSTOP. See sigaction(2).
pub fn sigaction(signal: Signal, action: Action) -> io::Result<()> {
    let handler = match action {
        Action::Default => SigHandler::SigDfl,
        Action::Ignore => SigHandler::SigIgn,
        Action::Count => SigHandler::Handler(count),
    };
    // Without SA_RESTART: a call that is asleep ends with EINTR, and its caller can look around.
    let action = SigAction::new(handler, SaFlags::empty(), SigSet::empty());
    // SAFETY: the only handler is `count`, which may run at any moment.
    unsafe { nix::sys::signal::sigaction(signal, &action) }?;
    Ok(())
}

/// The signals that were sent to this process or thread and wait because they are blocked.
///
/// # Errors
/// None that can happen. See sigpending(2).
pub fn sigpending() -> io::Result<SigSet> {
    let mut set = MaybeUninit::uninit();
    // SAFETY: the call fills the set that it is given.
    check(unsafe { libc::sigpending(set.as_mut_ptr()) })?;
    // SAFETY: the set was filled.
    let set = unsafe { set.assume_init() };
    // SAFETY: it is a valid set; real-time signals in it are not looked at.
    Ok(unsafe { SigSet::from_sigset_t_unchecked(set) })
}

/// Sends this process SIGALRM after `seconds`, and every 100 ms from then on; 0 stops that.
///
/// Repeated, because a signal that comes just before the call it is to interrupt is lost on it.
///
/// # Errors
/// None that can happen. See setitimer(2).
pub fn setitimer(seconds: u32) -> io::Result<()> {
    let timer = libc::itimerval {
        it_value: libc::timeval { tv_sec: i64::from(seconds), tv_usec: 0 },
        it_interval: libc::timeval { tv_sec: 0, tv_usec: 100_000 },
    };
    // SAFETY: the kernel reads `timer`, and gives nothing back through a null pointer.
    check(unsafe { libc::setitimer(libc::ITIMER_REAL, &timer, ptr::null_mut()) })
}

fn check(result: c_int) -> io::Result<()> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
