//! The System V message queue calls, which nix does not have.
#![allow(
    unsafe_code,
    reason = "each call is wrapped here in a safe function, with the reason why it is sound"
)]

use std::ffi::{CString, c_long};
use std::io;
use std::mem::{MaybeUninit, size_of};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;

use common::reply::REPLY_MAX;
use zerocopy::{FromBytes, FromZeros, Immutable};

/// Bytes a message has room for: one more than the largest that is legal, so that a longer one
/// shows by its length.
pub(crate) const ROOM: usize = REPLY_MAX + 1;

/// A message as the kernel reads and writes it.
#[repr(C)]
#[derive(Clone, Copy, Debug, FromBytes, Immutable)]
pub(crate) struct Message {
    /// The message's type, above 0.
    pub(crate) mtype: c_long,
    /// Its text.
    pub(crate) text: [u8; ROOM],
    pad: [u8; 7],
}

// The text stands right behind the type; only the tail is padded.
const _: () = assert!(size_of::<Message>() == size_of::<c_long>() + ROOM + 7);

impl Message {
    /// A message of zeros.
    pub(crate) fn new() -> Message {
        Message::new_zeroed()
    }
}

/// Makes a key of 8 bits of `project`, 8 of the device's number and 16 of the inode's.
///
/// # Errors
/// Those of stat. See ftok(3).
pub(crate) fn ftok(path: &Path, project: u8) -> io::Result<i32> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: `path` is a NUL-terminated string that outlives the call.
    let key = unsafe { libc::ftok(path.as_ptr(), i32::from(project)) };
    // -1 would be taken by msgget for a key like any other, shared by every program that failed like this.
    check(key)
}

/// The id of the queue with this key, made if `flags` say so.
///
/// # Errors
/// ENOENT, EEXIST, EACCES; ENOSPC if the system has no queue left (msgmni). See msgget(2).
pub(crate) fn msgget(key: i32, flags: i32) -> io::Result<i32> {
    // SAFETY: takes and returns integers.
    check(unsafe { libc::msgget(key, flags) })
}

/// Sends the first `len` bytes of a message.
///
/// # Errors
/// EAGAIN with IPC_NOWAIT if the queue is full, EINTR, EIDRM or EINVAL if it is gone. See
/// msgsnd(2).
///
/// # Panics
/// If `len` is over [`ROOM`].
pub(crate) fn msgsnd(queue: i32, message: &Message, len: usize, flags: i32) -> io::Result<()> {
    assert!(len <= ROOM);
    // SAFETY: the kernel reads the type and `len` bytes behind it, all inside `message`.
    check(unsafe { libc::msgsnd(queue, ptr::from_ref(message).cast(), len, flags) }).map(drop)
}

/// Receives a message of a type (see the manual for 0 and MSG_EXCEPT); returns its length, cut to
/// [`ROOM`].
///
/// Without MSG_NOERROR a longer message would stay in the queue and fail every later call with
/// E2BIG.
///
/// # Errors
/// ENOMSG with IPC_NOWAIT if there is none, EINTR, EIDRM or EINVAL if the queue is gone. See
/// msgrcv(2).
pub(crate) fn msgrcv(
    queue: i32,
    message: &mut Message,
    mtype: c_long,
    flags: i32,
) -> io::Result<usize> {
    let into = ptr::from_mut(message).cast();
    // SAFETY: the kernel writes a type and at most ROOM bytes behind it, all inside `message`.
    let len = unsafe { libc::msgrcv(queue, into, ROOM, mtype, flags | libc::MSG_NOERROR) };
    usize::try_from(len).map_err(|_| io::Error::last_os_error())
}

/// What the kernel says about a queue.
///
/// # Errors
/// EACCES, EIDRM, EINVAL. See msgctl(2).
pub(crate) fn msgctl_stat(queue: i32) -> io::Result<libc::msqid_ds> {
    let mut status = MaybeUninit::zeroed();
    // SAFETY: IPC_STAT fills the structure that it is given.
    check(unsafe { libc::msgctl(queue, libc::IPC_STAT, status.as_mut_ptr()) })?;
    // SAFETY: it was zeroed and then filled; it holds integers only.
    Ok(unsafe { status.assume_init() })
}

/// Sets what the owner may: permissions, and the bytes that the queue may hold.
///
/// # Errors
/// EPERM, EIDRM, EINVAL. See msgctl(2).
pub(crate) fn msgctl_set(queue: i32, status: &libc::msqid_ds) -> io::Result<()> {
    let status = ptr::from_ref(status).cast_mut();
    // SAFETY: IPC_SET reads the structure, and writes nothing to it.
    check(unsafe { libc::msgctl(queue, libc::IPC_SET, status) }).map(drop)
}

/// The key of a queue, from what the kernel says about it.
pub(crate) fn key(status: &libc::msqid_ds) -> i32 {
    status.msg_perm.__key
}

/// Removes a queue: calls that are blocked on it fail with EIDRM, later ones with EINVAL.
///
/// # Errors
/// EPERM, EIDRM, EINVAL. See msgctl(2).
pub(crate) fn msgctl_remove(queue: i32) -> io::Result<()> {
    // SAFETY: IPC_RMID uses no structure.
    check(unsafe { libc::msgctl(queue, libc::IPC_RMID, ptr::null_mut()) }).map(drop)
}

fn check(result: i32) -> io::Result<i32> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}
