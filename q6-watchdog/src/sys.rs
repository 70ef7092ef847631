//! System V shared memory and the state of a send buffer, which nix does not have.
#![allow(
    unsafe_code,
    reason = "each call is wrapped here in a safe function, with why it is sound"
)]

use std::io;
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::ptr::{self, NonNull};
use std::sync::atomic::AtomicU64;

use nix::errno::Errno;
use q1_pipes::sys::Memory;

/// Bytes of a page. Each part of a segment is one page.
pub(crate) const PAGE: usize = 4096;
/// Counters in one page.
pub(crate) const COUNTERS: usize = PAGE / size_of::<AtomicU64>();

/// Makes a segment of `len` bytes, all 0, under a key that no other segment has; returns its id.
///
/// # Errors
/// EEXIST, ENOSPC, ENOMEM. See shmget(2).
pub(crate) fn shmget_new(key: i32, len: usize) -> io::Result<i32> {
    // SAFETY: takes integers only.
    let id = unsafe { libc::shmget(key, len, libc::IPC_CREAT | libc::IPC_EXCL | 0o600) };
    Ok(Errno::result(id)?)
}

/// Attaches a segment of two pages that was made just now: a page of counters, and one for a table.
/// Both stay as long as the process.
///
/// # Errors
/// EINVAL, ENOMEM. See shmat(2).
pub(crate) fn shmat(id: i32) -> io::Result<(&'static [AtomicU64; COUNTERS], Memory)> {
    // SAFETY: the kernel chooses an address at which nothing is mapped.
    let address = unsafe { libc::shmat(id, ptr::null(), 0) };
    let address = match NonNull::new(address) {
        Some(address) if address.as_ptr() as isize != -1 => address,
        _ => return Err(io::Error::last_os_error()),
    };
    // SAFETY: page-aligned, never unmapped, and any bytes are atomic counters, to all processes.
    let counters = unsafe { address.cast().as_ref() };
    // SAFETY: the segment has two pages.
    let second = unsafe { address.byte_add(PAGE) };
    // SAFETY: the second page is whole, shared, and nobody's but the caller's.
    Ok((counters, unsafe { Memory::mapped(second, PAGE) }))
}

/// Marks a segment for removal: it has no key from now on, and goes with the last process that has
/// it attached.
///
/// # Errors
/// EINVAL if it is gone, EPERM. See shmctl(2), IPC_RMID.
pub(crate) fn shmctl_rmid(id: i32) -> io::Result<()> {
    // SAFETY: IPC_RMID has no use for the third argument.
    Errno::result(unsafe { libc::shmctl(id, libc::IPC_RMID, ptr::null_mut()) })?;
    Ok(())
}

/// How many bytes were sent and are not acknowledged by the other side's kernel.
///
/// # Errors
/// None that can happen. See tcp(7), SIOCOUTQ.
pub(crate) fn unacknowledged(stream: &TcpStream) -> io::Result<i32> {
    let mut size: libc::c_int = 0;
    // SAFETY: the kernel writes an int to `size`. TIOCOUTQ is another name of SIOCOUTQ.
    Errno::result(unsafe { libc::ioctl(stream.as_raw_fd(), libc::TIOCOUTQ, &raw mut size) })?;
    Ok(size)
}
