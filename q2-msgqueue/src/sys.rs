//! The System V message queue calls, which nix does not have.
#![allow(
    unsafe_code,
    reason = "each call is wrapped here in a safe function, with the reason why it is sound"
)]

use std::ffi::{CString, c_long};
use std::io;
use std::mem::{MaybeUninit, offset_of, size_of};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;
use std::slice;

use common::protocol::reply::REPLY_MAX;

/// Bytes a message has room for: one more than the largest that is legal, so that a longer one
/// shows by its length.
const ROOM: usize = REPLY_MAX + 1;

/// A message, as the kernel reads and writes it, and its length.
///
/// Only the bytes that were put there or received are ever looked at, so that none of the others
/// has to be cleared for each message.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Message {
    /// The message's type, above 0.
    pub mtype: c_long,
    text: [MaybeUninit<u8>; ROOM],
    len: usize,
}

// The text stands right behind the type.
const _: () = assert!(offset_of!(Message, text) == size_of::<c_long>());

impl Message {
    /// Room for a message.
    #[inline]
    pub fn room() -> Message {
        Message { mtype: 0, text: [MaybeUninit::uninit(); ROOM], len: 0 }
    }

    /// Becomes a message of a type with a text.
    ///
    /// # Panics
    /// If there are more bytes than there is room.
    pub fn set(&mut self, mtype: c_long, bytes: &[u8]) {
        for (room, &byte) in self.text[..bytes.len()].iter_mut().zip(bytes) {
            room.write(byte);
        }
        (self.mtype, self.len) = (mtype, bytes.len());
    }

    /// The text; that of a message longer than any reply is cut one byte behind a reply's end.
    pub fn text(&self) -> &[u8] {
        let text = self.text[..self.len].as_ptr().cast();
        // SAFETY: `len` bytes were put there by `set`, or by the kernel in `msgrcv`.
        unsafe { slice::from_raw_parts(text, self.len) }
    }
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "type {}, {:?}", self.mtype, self.text())
    }
}

/// Makes a key of 8 bits of `project`, 8 of the device's number and 16 of the inode's.
///
/// # Errors
/// Those of stat. See ftok(3).
pub fn ftok(path: &Path, project: u8) -> io::Result<i32> {
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
pub fn msgget(key: i32, flags: i32) -> io::Result<i32> {
    // SAFETY: takes and returns integers.
    check(unsafe { libc::msgget(key, flags) })
}

/// Sends a message.
///
/// # Errors
/// EAGAIN with IPC_NOWAIT if the queue is full, EINTR, EIDRM or EINVAL if it is gone. See
/// msgsnd(2).
pub fn msgsnd(queue: i32, message: &Message, flags: i32) -> io::Result<()> {
    let from = ptr::from_ref(message).cast();
    // SAFETY: the kernel reads the type and `len` bytes behind it, all inside `message` and set.
    check(unsafe { libc::msgsnd(queue, from, message.len, flags) }).map(drop)
}

/// Receives a message of a type (see the manual for 0 and MSG_EXCEPT) into `message`, cut to one byte
/// more than a reply can have.
///
/// Without MSG_NOERROR a longer message would stay in the queue and fail every later call with
/// E2BIG.
///
/// # Errors
/// ENOMSG with IPC_NOWAIT if there is none, EINTR, EIDRM or EINVAL if the queue is gone. See
/// msgrcv(2).
pub fn msgrcv(queue: i32, message: &mut Message, mtype: c_long, flags: i32) -> io::Result<()> {
    message.len = 0;
    let into = ptr::from_mut(message).cast();
    // SAFETY: the kernel writes a type and at most ROOM bytes behind it, all inside `message`.
    let len = unsafe { libc::msgrcv(queue, into, ROOM, mtype, flags | libc::MSG_NOERROR) };
    message.len = usize::try_from(len).map_err(|_| io::Error::last_os_error())?;
    Ok(())
}

/// Copies the message at a position, from 0 for the oldest, with room for `room` bytes; what is
/// longer than any reply is cut as by [`msgrcv`].
///
/// MSG_NOERROR cuts no copy: without room for the whole message the call fails with EINVAL.
///
/// # Errors
/// ENOMSG if there are fewer messages, ENOSYS, EINVAL, EIDRM. See msgop(2).
pub(crate) fn msgrcv_copy(queue: i32, position: c_long, room: usize) -> io::Result<Message> {
    let mut buffer = vec![0_u64; 1 + room.div_ceil(8)];
    let into = buffer.as_mut_ptr().cast();
    let flags = libc::MSG_COPY | libc::IPC_NOWAIT;
    // SAFETY: the kernel writes a type of 8 bytes and at most `room` behind it, all inside `buffer`.
    let len = unsafe { libc::msgrcv(queue, into, room, position, flags) };
    let len = usize::try_from(len).map_err(|_| io::Error::last_os_error())?;
    let text = buffer[1..].iter().flat_map(|word| word.to_ne_bytes());
    let mut message = Message::room();
    message.set(buffer[0] as c_long, &text.take(len.min(ROOM)).collect::<Vec<u8>>());
    Ok(message)
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

/// Removes a queue: calls that are blocked on it fail with EIDRM, later ones with EINVAL.
///
/// # Errors
/// EPERM, EIDRM, EINVAL. See msgctl(2).
pub fn msgctl_remove(queue: i32) -> io::Result<()> {
    // SAFETY: IPC_RMID uses no structure.
    check(unsafe { libc::msgctl(queue, libc::IPC_RMID, ptr::null_mut()) }).map(drop)
}

fn check(result: i32) -> io::Result<i32> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}
