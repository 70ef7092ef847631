//! What the standard library and nix leave out: fork, users of single threads, System V objects, and
//! a disk's sudden end.
#![allow(
    unsafe_code,
    reason = "pre_exec, fork, ioctl and atexit are unsafe, and nix has no System V IPC"
)]

use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::ptr;

use nix::sys::prctl::set_pdeathsig;
use nix::sys::ptrace;
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, sigprocmask};
use nix::unistd::{ForkResult, Pid};

/// Has the child die with the thread that starts it, lead a process group, and listen to every
/// signal.
///
/// And undoes what the test runner has inherited: where SIGCHLD is ignored nobody can wait for a
/// child, and a job in the background ignores SIGINT.
pub fn tie_to_this_thread(command: &mut Command) -> &mut Command {
    // Only this: whoever starts a program may have signals of its own blocked.
    q1_pipes::sys::default_sigchld().expect("SIGCHLD has a default action");
    let prepare = || -> io::Result<()> {
        set_pdeathsig(Signal::SIGKILL)?;
        sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)?;
        for signal in [Signal::SIGINT, Signal::SIGQUIT, Signal::SIGHUP] {
            // SAFETY: it sets no handler, so none of this program's code can run.
            unsafe { nix::sys::signal::signal(signal, SigHandler::SigDfl) }?;
        }
        Ok(())
    };
    command.process_group(0);
    // SAFETY: the closure makes system calls only; it takes no lock and no memory.
    unsafe { command.pre_exec(prepare) }
}

/// Has the command traced by this thread from its start on. See ptrace(2), PTRACE_TRACEME.
pub(crate) fn trace_from_exec(command: &mut Command) {
    let trace_me = || Ok(ptrace::traceme()?);
    // SAFETY: the closure makes one system call; it takes no lock and no memory.
    unsafe { command.pre_exec(trace_me) };
}

/// Whether a traced process is about to open a file to append to it.
///
/// # Panics
/// If it is not stopped at a system call of ours to look at.
pub(crate) fn opens_to_append(pid: Pid) -> bool {
    let info = ptrace::syscall_info(pid).expect("it is stopped at a system call");
    if info.op != libc::PTRACE_SYSCALL_INFO_ENTRY {
        return false;
    }
    // SAFETY: with this `op` the kernel has filled the entry.
    let entry = unsafe { info.u.entry };
    entry.nr == libc::SYS_openat as u64 && entry.args[2] & libc::O_APPEND as u64 != 0
}

/// Which of the two processes this is after a fork.
#[derive(Clone, Copy, Debug)]
pub enum Fork {
    /// The one that called it, with the new one's id.
    Parent(Pid),
    /// The new one.
    Child,
}

/// Makes a process that goes on here; for a process of one thread.
///
/// # Errors
/// EAGAIN. See fork(2).
pub fn fork() -> io::Result<Fork> {
    // SAFETY: with one thread, no lock can be held in the child by a thread that it has not.
    match unsafe { nix::unistd::fork() }? {
        ForkResult::Parent { child } => Ok(Fork::Parent(child)),
        ForkResult::Child => Ok(Fork::Child),
    }
}

/// The user that owns nothing.
const NOBODY: libc::c_long = 65534;

/// Makes the calling thread, and no other, the user nobody's from now on.
///
/// The functions of the C library would change all threads of the process; the calls themselves
/// change one.
///
/// # Panics
/// If it is not root's.
pub fn become_nobody() {
    // SAFETY: takes integers only, and no list.
    let left = unsafe { libc::syscall(libc::SYS_setgroups, 0, 0) };
    // SAFETY: takes integers only.
    let group = unsafe { libc::syscall(libc::SYS_setresgid, NOBODY, NOBODY, NOBODY) };
    // SAFETY: takes integers only.
    let user = unsafe { libc::syscall(libc::SYS_setresuid, NOBODY, NOBODY, NOBODY) };
    assert_eq!((left, group, user), (0, 0, 0), "only root can become nobody");
}

/// Has a function called before `main`: that of a test program is not ours to write.
///
/// It may use the standard library, as long as it starts no thread. See ld.so(8).
macro_rules! before_main {
    ($function:path) => {
        // SAFETY: the loader calls each function of this section once, with arguments that this one
        // does not look at.
        #[allow(unsafe_code, reason = "a name of a section cannot be checked")]
        #[unsafe(link_section = ".init_array")]
        #[used]
        static BEFORE_MAIN: extern "C" fn() = $function;
    };
}
pub(crate) use before_main;

/// Has a function called when this process ends in the usual way. See atexit(3).
///
/// # Panics
/// If there is no memory left.
pub(crate) fn at_exit(function: extern "C" fn()) {
    // SAFETY: the function is there as long as the program.
    let result = unsafe { libc::atexit(function) };
    assert_eq!(result, 0, "there is memory");
}

/// Ends this process at once, whatever it was about to do. See _exit(2).
pub(crate) fn leave(status: i32) -> ! {
    // SAFETY: takes an integer, and does not return.
    unsafe { libc::_exit(status) }
}

/// Sends any bytes as a message of any type, without waiting.
///
/// # Errors
/// EAGAIN if the queue is full, EINVAL for a type below 1 or a text over msgmax. See msgsnd(2).
pub fn msgsnd(queue: i32, mtype: i64, text: &[u8]) -> io::Result<()> {
    let message = [&mtype.to_ne_bytes(), text].concat();
    // SAFETY: the kernel reads the type, 8 bytes, and the text behind it: the whole of `message`.
    let result =
        unsafe { libc::msgsnd(queue, message.as_ptr().cast(), text.len(), libc::IPC_NOWAIT) };
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Which kind of System V object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A message queue.
    Queue,
    /// A segment of shared memory.
    Segment,
    /// A set of semaphores.
    Semaphores,
}

/// Looks for an object with a key that nobody uses.
///
/// # Errors
/// ENOENT as a rule; ENOSYS or EPERM where the kernel, or the container, has none. See msgget(2).
pub(crate) fn look_for(kind: Kind) -> io::Result<()> {
    let key = libc::key_t::from_ne_bytes(*b"SPC?");
    let id = match kind {
        // SAFETY: takes integers only.
        Kind::Queue => unsafe { libc::msgget(key, 0) },
        // SAFETY: takes integers only.
        Kind::Segment => unsafe { libc::shmget(key, 0, 0) },
        // SAFETY: takes integers only.
        Kind::Semaphores => unsafe { libc::semget(key, 0, 0) },
    };
    if id == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Removes an object.
///
/// # Errors
/// EINVAL if it is gone, EPERM if it is another user's. See msgctl(2).
pub(crate) fn remove(kind: Kind, id: i32) -> io::Result<()> {
    let result = match kind {
        // SAFETY: with this command the pointer is not used.
        Kind::Queue => unsafe { libc::msgctl(id, libc::IPC_RMID, ptr::null_mut()) },
        // SAFETY: with this command the pointer is not used.
        Kind::Segment => unsafe { libc::shmctl(id, libc::IPC_RMID, ptr::null_mut()) },
        // SAFETY: with this command there is no fourth argument.
        Kind::Semaphores => unsafe { libc::semctl(id, 0, libc::IPC_RMID) },
    };
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// EXT4_IOC_SHUTDOWN, `_IOR('X', 125, __u32)`.
const EXT4_IOC_SHUTDOWN: libc::Ioctl = 0x8004_587d_u32 as libc::Ioctl;
/// EXT4_GOING_FLAGS_NOLOGFLUSH: what the journal has in memory is lost as well.
const NO_LOG_FLUSH: u32 = 2;

/// Shuts an ext4 file system down as a power cut would.
///
/// # Errors
/// EPERM; ENOTTY if it is no ext4. See ioctl_ext4(2) and mkfs.ext4(8).
pub(crate) fn ext4_shutdown(root: impl AsFd) -> io::Result<()> {
    let mut flag = NO_LOG_FLUSH;
    let root = root.as_fd().as_raw_fd();
    // SAFETY: the call reads 4 bytes, the whole of `flag`.
    let result = unsafe { libc::ioctl(root, EXT4_IOC_SHUTDOWN, &raw mut flag) };
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
