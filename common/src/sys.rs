//! What std and nix have not, or not safely: a setting of the allocator, standard output without a
//! buffer, a terminal's width, what a signal does, a handler that ends the program, and what a dead
//! server leaves of System V IPC.
#![allow(
    unsafe_code,
    reason = "each call is wrapped here in a safe function, with why it is sound"
)]

use std::ffi::{CString, c_char, c_int};
use std::io;
use std::mem::MaybeUninit;
use std::num::NonZeroUsize;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use nix::errno::Errno;
use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal};

/// Has all threads of this process allocate from one arena.
///
/// glibc gives each of the first threads an arena of its own, with pages of its own, so that they
/// need not wait for one another. Ours allocate hardly ever, and a thread for each request would
/// leave many arenas behind. See mallopt(3).
pub(crate) fn one_arena() {
    // SAFETY: takes integers, and is called before there is a second thread.
    let result = unsafe { libc::mallopt(libc::M_ARENA_MAX, 1) };
    debug_assert_eq!(result, 1, "glibc has this parameter");
}

/// Has this thread, and those that it starts, run under SCHED_BATCH, if nobody chose a policy for it.
///
/// # Errors
/// EPERM, where a sandbox forbids it. See sched_setscheduler(2).
pub(crate) fn schedule_as_batch() -> io::Result<()> {
    // SAFETY: takes and returns an integer; 0 is the calling thread.
    if Errno::result(unsafe { libc::sched_getscheduler(0) })? != libc::SCHED_OTHER {
        return Ok(());
    }
    let parameters = libc::sched_param { sched_priority: 0 };
    // SAFETY: reads a struct that is there.
    Errno::result(unsafe { libc::sched_setscheduler(0, libc::SCHED_BATCH, &parameters) })?;
    Ok(())
}

/// Standard output, as a descriptor: that of std has a buffer, made when it is first used.
pub(crate) fn stdout() -> BorrowedFd<'static> {
    // SAFETY: std has it opened before `main` if it was closed, and nothing here closes it.
    unsafe { BorrowedFd::borrow_raw(libc::STDOUT_FILENO) }
}

/// How many characters fit in a line of this terminal; None if it is none, or does not know.
///
/// See TIOCGWINSZ(2const).
pub(crate) fn columns(terminal: BorrowedFd<'_>) -> Option<usize> {
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the call fills `size`, which has the type that it asks for.
    let result =
        unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCGWINSZ, ptr::from_mut(&mut size)) };
    (result == 0 && size.ws_col > 0).then_some(size.ws_col.into())
}

/// A number, 0 at first, that this process shares with those that it forks from now on.
///
/// # Errors
/// ENOMEM. See mmap(2).
pub(crate) fn shared_counter() -> io::Result<&'static AtomicU32> {
    const SIZE: NonZeroUsize = NonZeroUsize::new(size_of::<AtomicU32>()).expect("4 is not 0");
    let protection = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    // SAFETY: the memory is new, and so nobody else's.
    let memory = unsafe { mmap_anonymous(None, SIZE, protection, MapFlags::MAP_SHARED) }?;
    // SAFETY: it is the begin of a page of zeros, is never unmapped, and is used as this type only.
    Ok(unsafe { memory.cast::<AtomicU32>().as_ref() })
}

/// Whether a signal does nothing to this process.
///
/// # Errors
/// None that can happen. See sigaction(2).
pub(crate) fn is_ignored(signal: Signal) -> io::Result<bool> {
    let mut action = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: without a new action the call changes nothing, and fills the old one.
    let result = unsafe { libc::sigaction(signal as c_int, ptr::null(), action.as_mut_ptr()) };
    if result == -1 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it was filled.
    Ok(unsafe { action.assume_init() }.sa_sigaction == libc::SIG_IGN)
}

/// Gives a signal its default action.
///
/// # Errors
/// EINVAL for SIGKILL and SIGSTOP. See signal(7).
pub(crate) fn set_default(signal: Signal) -> io::Result<()> {
    // SAFETY: no handler is installed.
    unsafe { nix::sys::signal::signal(signal, SigHandler::SigDfl) }?;
    Ok(())
}

/// Has a signal do nothing.
///
/// # Errors
/// EINVAL for SIGKILL and SIGSTOP. See signal(7).
pub(crate) fn ignore(signal: Signal) -> io::Result<()> {
    // SAFETY: no handler is installed.
    unsafe { nix::sys::signal::signal(signal, SigHandler::SigIgn) }?;
    Ok(())
}

/// What [`end`] says; null: nothing.
static LAST_WORDS: AtomicPtr<c_char> = AtomicPtr::new(ptr::null_mut());
/// The file that [`end`] removes; null: none.
static LAST_FILE: AtomicPtr<c_char> = AtomicPtr::new(ptr::null_mut());

/// Has a signal say the last words, remove the last file, and then do what it does by default.
///
/// # Errors
/// EINVAL for SIGKILL and SIGSTOP. See sigaction(2).
pub(crate) fn end_on(signal: Signal) -> io::Result<()> {
    let action = SigAction::new(SigHandler::Handler(end), SaFlags::empty(), SigSet::all());
    // SAFETY: the handler may run at any moment: see there.
    unsafe { nix::sys::signal::sigaction(signal, &action) }?;
    Ok(())
}

/// Chooses what is said on stderr if one of the signals comes from now on.
pub(crate) fn set_last_words(words: Option<&'static std::ffi::CStr>) {
    let words = words.map_or(ptr::null_mut(), |words| words.as_ptr().cast_mut());
    LAST_WORDS.store(words, Ordering::Release);
}

/// Chooses which file is removed if one of the signals comes from now on.
pub(crate) fn set_last_file(path: CString) {
    // It is never freed: the handler may be reading an earlier one.
    LAST_FILE.store(path.into_raw(), Ordering::Release);
}

/// The handler. It may run between any two instructions of the program, so it does only what
/// signal-safety(7) allows: it reads two lock-free atomics and makes system calls.
extern "C" fn end(signal: c_int) {
    let words = LAST_WORDS.load(Ordering::Acquire);
    if !words.is_null() {
        // SAFETY: a text with a NUL behind it, which lives as long as the program.
        let len = unsafe { libc::strlen(words) };
        // SAFETY: the kernel reads these bytes.
        unsafe { libc::write(libc::STDERR_FILENO, words.cast(), len) };
    }
    let file = LAST_FILE.load(Ordering::Acquire);
    if !file.is_null() {
        // SAFETY: a path with a NUL behind it, which lives as long as the program.
        unsafe { libc::unlink(file) };
    }
    // SAFETY: no handler is installed.
    unsafe { libc::signal(signal, libc::SIG_DFL) };
    // SAFETY: takes an integer. The signal is blocked here and acts as this returns.
    unsafe { libc::raise(signal) };
}

/// The id of the message queue with this key.
///
/// # Errors
/// ENOENT, EACCES, ENOSYS. See msgget(2).
pub(crate) fn msgget(key: i32) -> io::Result<i32> {
    // SAFETY: takes and returns integers.
    Ok(Errno::result(unsafe { libc::msgget(key, 0) })?)
}

/// What the kernel says about a message queue.
///
/// # Errors
/// EACCES, EIDRM, EINVAL, ENOSYS. See msgctl(2).
pub(crate) fn msgctl_stat(queue: i32) -> io::Result<libc::msqid_ds> {
    let mut status = MaybeUninit::zeroed();
    // SAFETY: IPC_STAT fills the structure that it is given.
    Errno::result(unsafe { libc::msgctl(queue, libc::IPC_STAT, status.as_mut_ptr()) })?;
    // SAFETY: it was zeroed and then filled; it holds integers only.
    Ok(unsafe { status.assume_init() })
}

/// Removes a message queue.
///
/// # Errors
/// EPERM, EIDRM, EINVAL. See msgctl(2).
pub(crate) fn msgctl_remove(queue: i32) -> io::Result<()> {
    // SAFETY: IPC_RMID uses no structure.
    Errno::result(unsafe { libc::msgctl(queue, libc::IPC_RMID, ptr::null_mut()) })?;
    Ok(())
}

/// The id of the shared segment with this key.
///
/// # Errors
/// ENOENT, EACCES, ENOSYS. See shmget(2).
pub(crate) fn shmget(key: i32) -> io::Result<i32> {
    // SAFETY: takes and returns integers.
    Ok(Errno::result(unsafe { libc::shmget(key, 0, 0) })?)
}

/// What the kernel says about a shared segment.
///
/// # Errors
/// EACCES, EIDRM, EINVAL, ENOSYS. See shmctl(2).
pub(crate) fn shmctl_stat(segment: i32) -> io::Result<libc::shmid_ds> {
    let mut status = MaybeUninit::zeroed();
    // SAFETY: IPC_STAT fills the structure that it is given.
    Errno::result(unsafe { libc::shmctl(segment, libc::IPC_STAT, status.as_mut_ptr()) })?;
    // SAFETY: it was zeroed and then filled; it holds integers only.
    Ok(unsafe { status.assume_init() })
}

/// Marks a shared segment for removal.
///
/// # Errors
/// EPERM, EIDRM, EINVAL. See shmctl(2).
pub(crate) fn shmctl_remove(segment: i32) -> io::Result<()> {
    // SAFETY: IPC_RMID uses no structure.
    Errno::result(unsafe { libc::shmctl(segment, libc::IPC_RMID, ptr::null_mut()) })?;
    Ok(())
}
