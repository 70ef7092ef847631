//! What the standard library and nix leave out: fork and exec as a box needs them, and the calls
//! that show a tree of files elsewhere.
#![allow(
    unsafe_code,
    reason = "each call is wrapped here in a safe function, with why it is sound"
)]

use std::ffi::{CStr, CString, c_char, c_int, c_long};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::ptr;

use nix::errno::Errno;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, signal, sigprocmask};
use nix::unistd::{ForkResult, Pid, setsid};

// Not in the crate libc; see linux/fcntl.h and linux/mount.h.
const AT_RECURSIVE: c_int = 0x8000;
const MOVE_MOUNT_F_EMPTY_PATH: c_int = 4;

/// Has the child lead a session, listen to every signal, keep nothing of ours open, and die with the
/// thread that starts it.
pub(crate) fn prepare(command: &mut Command) {
    let prepare = || -> io::Result<()> {
        setsid()?;
        set_pdeathsig(Signal::SIGKILL)?;
        sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)?;
        close_range(3, libc::CLOSE_RANGE_CLOEXEC)
    };
    // SAFETY: the closure makes system calls only; it takes no lock and no memory.
    unsafe { command.pre_exec(prepare) };
}

/// Has the child keep these descriptors of ours, which [`prepare`] would close.
pub(crate) fn keep_open(command: &mut Command, descriptors: Vec<RawFd>) {
    let keep = move || -> io::Result<()> {
        for &descriptor in &descriptors {
            // SAFETY: takes integers; a wrong number is an error.
            Errno::result(unsafe { libc::fcntl(descriptor, libc::F_SETFD, 0) })?;
        }
        Ok(())
    };
    // SAFETY: the closure makes system calls only; it takes no lock and no memory.
    unsafe { command.pre_exec(keep) };
}

/// A descriptor that whoever started this program has left open for it.
pub(crate) fn inherited(descriptor: RawFd) -> OwnedFd {
    // SAFETY: the number comes from who has started this program, and nothing here owns it yet.
    unsafe { OwnedFd::from_raw_fd(descriptor) }
}

/// Makes a copy of this process; None in the copy.
///
/// This process may have other threads, the copy has not: until it calls [`execve`] or [`exit`] it
/// may make system calls only, and take no lock and no memory.
///
/// # Errors
/// EAGAIN, ENOMEM. See fork(2).
pub(crate) fn fork() -> io::Result<Option<Pid>> {
    // SAFETY: the callers keep what is said above.
    Ok(match unsafe { nix::unistd::fork() }? {
        ForkResult::Parent { child } => Some(child),
        ForkResult::Child => None,
    })
}

/// Like [`fork`], but the copy is a child of this process's parent: it is in our session, and not
/// ours to wait for.
///
/// # Errors
/// EAGAIN, ENOMEM; EINVAL for the first process of a namespace. See CLONE_PARENT in clone(2).
pub(crate) fn fork_sibling() -> io::Result<Option<Pid>> {
    let flags = c_long::from(libc::CLONE_PARENT | libc::SIGCHLD);
    const NONE: c_long = 0;
    // SAFETY: without CLONE_VM this is a fork: no stack and no pointer is passed.
    let pid =
        Errno::result(unsafe { libc::syscall(libc::SYS_clone, flags, NONE, NONE, NONE, NONE) })?;
    Ok((pid != 0).then(|| Pid::from_raw(pid as i32)))
}

/// Texts as execve(2) takes them.
#[derive(Debug)]
pub(crate) struct Strings {
    /// What the others point to.
    _texts: Vec<CString>,
    pointers: Vec<*const c_char>,
}

impl Strings {
    pub(crate) fn new(texts: Vec<CString>) -> Strings {
        let pointers = texts.iter().map(|text| text.as_ptr()).chain([ptr::null()]).collect();
        Strings { _texts: texts, pointers }
    }
}

/// Becomes another program; returns only if that fails.
pub(crate) fn execve(path: &CStr, argv: &Strings, envp: &Strings) -> Errno {
    let (argv, envp) = (argv.pointers.as_ptr(), envp.pointers.as_ptr());
    // SAFETY: both lists end in a null pointer, and point to texts that live as long as they do.
    unsafe { libc::execve(path.as_ptr(), argv, envp) };
    Errno::last()
}

/// Ends this process at once: no destructor, no handler, no buffer. See _exit(2).
pub(crate) fn exit(status: c_int) -> ! {
    // SAFETY: takes an integer, and does not return.
    unsafe { libc::_exit(status) }
}

/// Makes a terminal the controlling terminal of the session that this process leads.
///
/// # Errors
/// EPERM. See TIOCSCTTY(2const).
pub(crate) fn take_terminal(terminal: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: TIOCSCTTY takes a number, no pointer.
    Errno::result(unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSCTTY, 0) })?;
    Ok(())
}

/// How large a terminal is.
///
/// # Errors
/// ENOTTY. See TIOCGWINSZ(2const).
pub(crate) fn window_size(terminal: BorrowedFd<'_>) -> io::Result<libc::winsize> {
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    let pointer = ptr::from_mut(&mut size);
    // SAFETY: TIOCGWINSZ writes a structure of this type.
    Errno::result(unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCGWINSZ, pointer) })?;
    Ok(size)
}

/// Makes a terminal so large, and tells its programs by SIGWINCH.
///
/// # Errors
/// ENOTTY. See TIOCSWINSZ(2const).
pub(crate) fn set_window_size(terminal: BorrowedFd<'_>, size: &libc::winsize) -> io::Result<()> {
    let pointer = ptr::from_ref(size);
    // SAFETY: TIOCSWINSZ reads a structure of this type.
    Errno::result(unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSWINSZ, pointer) })?;
    Ok(())
}

/// Makes a descriptor also standard input, output or errors; it stays open in exec.
///
/// # Errors
/// EBADF, EINTR. See dup2(2).
pub(crate) fn dup2(from: BorrowedFd<'_>, to: c_int) -> io::Result<()> {
    debug_assert!(to <= 2, "others have owners");
    // SAFETY: nobody owns the first three descriptors.
    Errno::result(unsafe { libc::dup2(from.as_raw_fd(), to) })?;
    Ok(())
}

/// Closes all descriptors from this one on, or with CLOSE_RANGE_CLOEXEC has exec close them.
///
/// Without that flag the caller must be a copy of a process that runs none of its code any more.
///
/// # Errors
/// ENOMEM. See close_range(2).
pub(crate) fn close_range(first: u32, flags: u32) -> io::Result<()> {
    // SAFETY: the owners of these descriptors never run again in this process.
    Errno::result(unsafe { libc::close_range(first, u32::MAX, flags as c_int) })?;
    Ok(())
}

/// Has every signal do what it does by default: Rust ignores SIGPIPE, and who started this process may
/// have ignored others, as nohup(1) and a shell's background job do.
///
/// # Errors
/// None that can happen. See signal(2).
pub(crate) fn default_signals() -> io::Result<()> {
    let fixed = [Signal::SIGKILL, Signal::SIGSTOP];
    for kind in Signal::iterator().filter(|kind| !fixed.contains(kind)) {
        // SAFETY: no handler is installed.
        unsafe { signal(kind, SigHandler::SigDfl) }?;
    }
    Ok(())
}

/// Takes away the handlers that Rust installs for faults. The first process of a namespace hears no
/// signal from inside but those that it handles, and a forged fault ended it.
///
/// # Errors
/// None that can happen. See signal(2).
pub(crate) fn default_faults() -> io::Result<()> {
    for number in [Signal::SIGSEGV, Signal::SIGBUS] {
        // SAFETY: no handler is installed.
        unsafe { signal(number, SigHandler::SigDfl) }?;
    }
    Ok(())
}

/// A descriptor that is readable when a child has ended.
///
/// # Errors
/// ESRCH, EMFILE. See pidfd_open(2).
pub(crate) fn pidfd_open(pid: Pid) -> io::Result<OwnedFd> {
    // SAFETY: takes integers.
    let fd = Errno::result(unsafe { libc::syscall(libc::SYS_pidfd_open, pid.as_raw(), 0) })?;
    // SAFETY: the descriptor is new, and so nobody else's.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as c_int) })
}

/// A copy of a tree of files (of what is mounted, not of what is in it) that stands nowhere yet.
///
/// # Errors
/// ENOENT, EACCES, EPERM, ENOSYS. See open_tree(2).
pub(crate) fn open_tree(path: &CStr) -> io::Result<OwnedFd> {
    let flags = libc::OPEN_TREE_CLONE | libc::OPEN_TREE_CLOEXEC | AT_RECURSIVE as libc::c_uint;
    // SAFETY: the kernel reads the path, which ends in NUL.
    let fd = Errno::result(unsafe {
        libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, path.as_ptr(), flags)
    })?;
    // SAFETY: the descriptor is new, and so nobody else's.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as c_int) })
}

/// Gives a tree, and all that is mounted in it, these attributes besides those that it has.
///
/// # Errors
/// EINVAL, EPERM, ENOSYS. See mount_setattr(2).
pub(crate) fn mount_setattr(tree: BorrowedFd<'_>, attributes: u64) -> io::Result<()> {
    let set = libc::mount_attr { attr_set: attributes, attr_clr: 0, propagation: 0, userns_fd: 0 };
    let flags = libc::AT_EMPTY_PATH | AT_RECURSIVE;
    let (pointer, size) = (ptr::from_ref(&set), size_of::<libc::mount_attr>());
    // SAFETY: the kernel reads an empty path, and a structure of this type and size.
    Errno::result(unsafe {
        let tree = tree.as_raw_fd();
        libc::syscall(libc::SYS_mount_setattr, tree, c"".as_ptr(), flags, pointer, size)
    })?;
    Ok(())
}

/// Lets a tree that stands nowhere stand there.
///
/// # Errors
/// ENOENT, EINVAL, EPERM. See move_mount(2).
pub(crate) fn move_mount(tree: BorrowedFd<'_>, to: &CStr) -> io::Result<()> {
    let (tree, flags) = (tree.as_raw_fd(), MOVE_MOUNT_F_EMPTY_PATH);
    let (from, to) = (c"".as_ptr(), to.as_ptr());
    // SAFETY: the kernel reads two paths that end in NUL.
    Errno::result(unsafe {
        libc::syscall(libc::SYS_move_mount, tree, from, libc::AT_FDCWD, to, flags)
    })?;
    Ok(())
}

/// Has the kernel ask a filter about each system call of this process and its descendants. They can
/// get no new privileges any more.
///
/// # Errors
/// EACCES without no_new_privs, EINVAL. See seccomp(2).
pub(crate) fn seccomp(filter: &'static [libc::sock_filter]) -> io::Result<()> {
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_ptr().cast_mut() };
    let pointer = ptr::from_ref(&program);
    // SAFETY: the kernel copies a program of this length, and writes nothing.
    Errno::result(unsafe {
        libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, pointer)
    })?;
    Ok(())
}

/// Gives this process and its descendants a new keyring: that of the session may hold a user's keys.
///
/// # Errors
/// ENOSYS, EDQUOT. See KEYCTL_JOIN_SESSION_KEYRING(2const).
pub(crate) fn join_session_keyring() -> io::Result<()> {
    const ANONYMOUS: *const c_char = ptr::null();
    // SAFETY: without a name the call reads no memory.
    Errno::result(unsafe {
        libc::syscall(libc::SYS_keyctl, libc::KEYCTL_JOIN_SESSION_KEYRING, ANONYMOUS)
    })?;
    Ok(())
}
