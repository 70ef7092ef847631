//! The calls that look at other processes' objects without changing them, and that nix lacks.
#![allow(
    unsafe_code,
    reason = "each call is wrapped here in a safe function, with the reason why it is sound"
)]

use std::ffi::c_int;
use std::io;
use std::mem::{MaybeUninit, size_of};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// The largest message that is copied out of a queue; msgmax is 8192 unless somebody raised it.
const MESSAGE_MAX: usize = 65536;

/// A message that still is in its queue.
#[derive(Clone, Debug)]
pub(crate) struct Copied {
    /// The type.
    pub(crate) mtype: i64,
    /// The text.
    pub(crate) text: Vec<u8>,
}

/// What a System V queue holds and may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueueStatus {
    /// Bytes that it may hold: msg_qbytes.
    pub(crate) bytes_max: u64,
}

/// One semaphore of a set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SemaphoreStatus {
    /// Its value.
    pub(crate) value: i32,
    /// The process that changed it last.
    pub(crate) last: i32,
    /// Threads that wait for it to grow.
    pub(crate) growing: i32,
    /// Threads that wait for it to become zero.
    pub(crate) zero: i32,
}

/// A POSIX queue's limits and messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MqStatus {
    /// Messages that it may hold.
    pub(crate) messages_max: u64,
    /// Bytes that one message may have.
    pub(crate) message_bytes_max: u64,
    /// Messages in it.
    pub(crate) messages: u64,
}

/// A descriptor that refers to a process.
///
/// # Errors
/// ESRCH if it is gone. See pidfd_open(2).
pub(crate) fn pidfd_open(pid: i32) -> io::Result<OwnedFd> {
    // SAFETY: takes and returns integers.
    let fd = check(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) })?;
    // SAFETY: the kernel has just made this descriptor, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as c_int) })
}

/// A duplicate of another process's descriptor. Close it at once: it keeps the object open.
///
/// # Errors
/// EPERM without the right to trace, EBADF if it is closed. See pidfd_getfd(2).
pub(crate) fn pidfd_getfd(process: BorrowedFd<'_>, fd: i32) -> io::Result<OwnedFd> {
    // SAFETY: takes and returns integers.
    let fd = check(unsafe { libc::syscall(libc::SYS_pidfd_getfd, process.as_raw_fd(), fd, 0) })?;
    // SAFETY: the kernel has just made this descriptor, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as c_int) })
}

/// The bytes that wait to be read.
///
/// # Errors
/// ENOTTY if nothing can wait there. See FIONREAD(2const).
pub(crate) fn fionread(fd: BorrowedFd<'_>) -> io::Result<u64> {
    let mut bytes: c_int = 0;
    // SAFETY: FIONREAD writes one int, and `bytes` is one.
    check(i64::from(unsafe { libc::ioctl(fd.as_raw_fd(), libc::FIONREAD, &raw mut bytes) }))?;
    Ok(bytes as u64)
}

/// The limits of a queue.
///
/// # Errors
/// EACCES without the right to read it, EINVAL if it is gone. See msgctl(2).
pub(crate) fn msgctl_stat(id: i32) -> io::Result<QueueStatus> {
    let mut status = MaybeUninit::<libc::msqid_ds>::zeroed();
    // SAFETY: IPC_STAT writes one msqid_ds, and there is room for one.
    check(i64::from(unsafe { libc::msgctl(id, libc::IPC_STAT, status.as_mut_ptr()) }))?;
    // SAFETY: a msqid_ds is integers, for which zeros are legal too.
    let status = unsafe { status.assume_init() };
    Ok(QueueStatus { bytes_max: status.msg_qbytes })
}

/// A copy of the message at a position, which stays in the queue; `buffer` is room to use again.
///
/// # Errors
/// ENOMSG if there are fewer messages, ENOSYS if the kernel cannot copy (MSG_COPY), EACCES.
pub(crate) fn msgrcv_copy(id: i32, at: usize, buffer: &mut Vec<u64>) -> io::Result<Copied> {
    const FLAGS: c_int = libc::MSG_COPY | libc::IPC_NOWAIT | libc::MSG_NOERROR;
    buffer.resize(1 + MESSAGE_MAX / size_of::<u64>(), 0);
    // SAFETY: the buffer begins with room for the type, and has MESSAGE_MAX bytes behind it. With
    // MSG_COPY the kernel removes nothing, and with IPC_NOWAIT it does not wait.
    let len = check(unsafe {
        libc::msgrcv(id, buffer.as_mut_ptr().cast(), MESSAGE_MAX, at as i64, FLAGS) as i64
    })?;
    let text = buffer[1..].iter().flat_map(|word| word.to_ne_bytes()).take(len as usize).collect();
    Ok(Copied { mtype: buffer[0] as i64, text })
}

/// One semaphore of a set.
///
/// # Errors
/// EACCES without the right to read it, EINVAL if it is gone. See semctl(2).
pub(crate) fn semctl_status(id: i32, at: i32) -> io::Result<SemaphoreStatus> {
    let ask = |command| {
        // SAFETY: these four commands take no fourth argument, and return an integer.
        check(i64::from(unsafe { libc::semctl(id, at, command) })).map(|value| value as i32)
    };
    Ok(SemaphoreStatus {
        value: ask(libc::GETVAL)?,
        last: ask(libc::GETPID)?,
        growing: ask(libc::GETNCNT)?,
        zero: ask(libc::GETZCNT)?,
    })
}

/// What a POSIX queue holds.
///
/// # Errors
/// EBADF if the descriptor is no queue. See mq_getattr(3).
pub(crate) fn mq_getattr(fd: BorrowedFd<'_>) -> io::Result<MqStatus> {
    let mut status = MaybeUninit::<libc::mq_attr>::zeroed();
    // SAFETY: the call writes one mq_attr, and there is room for one.
    check(i64::from(unsafe { libc::mq_getattr(fd.as_raw_fd(), status.as_mut_ptr()) }))?;
    // SAFETY: a mq_attr is integers, for which zeros are legal too.
    let status = unsafe { status.assume_init() };
    Ok(MqStatus {
        messages_max: status.mq_maxmsg as u64,
        message_bytes_max: status.mq_msgsize as u64,
        messages: status.mq_curmsgs as u64,
    })
}

/// How many descriptors a process may have; None if there is no limit.
///
/// # Errors
/// EPERM for another user's process, ESRCH if it is gone. See prlimit(2).
pub(crate) fn prlimit_nofile(pid: i32) -> io::Result<Option<u64>> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: a null pointer sets nothing, and the call writes one rlimit, which `limit` is.
    let result =
        unsafe { libc::prlimit(pid, libc::RLIMIT_NOFILE, std::ptr::null(), &raw mut limit) };
    check(i64::from(result))?;
    Ok((limit.rlim_cur != libc::RLIM_INFINITY).then_some(limit.rlim_cur))
}

fn check(result: i64) -> io::Result<i64> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::fd::AsFd;

    #[test]
    fn bytes_in_a_pipe_are_counted_through_a_duplicate() {
        let (reader, mut writer) = std::io::pipe().unwrap();
        writer.write_all(b"12345").unwrap();
        let own = pidfd_open(std::process::id() as i32).unwrap();
        let duplicate = pidfd_getfd(own.as_fd(), reader.as_raw_fd()).unwrap();
        assert_eq!(fionread(duplicate.as_fd()).unwrap(), 5);
        assert!(pidfd_getfd(own.as_fd(), 9999).is_err());
    }
}
