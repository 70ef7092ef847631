//! Bare System V messages and bare threads: the calls that nix has not.
#![allow(unsafe_code, reason = "each call is wrapped here, with the reason why it is sound")]

use std::ffi::{c_long, c_void};
use std::io;
use std::mem::MaybeUninit;
use std::ptr;

use common::protocol::reply::REPLY_MAX;

/// Bytes of a bare thread's stack, as many as q4's have.
pub(crate) const STACK_SIZE: usize = 128 * 1024;

/// A message, as the kernel reads and writes it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message {
    /// The message's type, above 0.
    pub(crate) mtype: c_long,
    /// Its text.
    pub(crate) text: [u8; REPLY_MAX],
}

impl Message {
    /// A message of zeros.
    pub(crate) fn new() -> Message {
        Message { mtype: 0, text: [0; REPLY_MAX] }
    }
}

/// A new queue without a key, for this user only.
///
/// # Errors
/// ENOSPC if the system has no queue left. See msgget(2).
pub(crate) fn msgget_private() -> io::Result<i32> {
    // SAFETY: takes and returns integers.
    let queue = unsafe { libc::msgget(libc::IPC_PRIVATE, libc::IPC_CREAT | 0o600) };
    if queue == -1 { Err(io::Error::last_os_error()) } else { Ok(queue) }
}

/// Sends the first `size` bytes, and waits while the queue is full.
///
/// # Errors
/// EINTR, EIDRM. See msgsnd(2).
pub(crate) fn msgsnd(queue: i32, message: &Message, size: usize) -> io::Result<()> {
    assert!(size <= REPLY_MAX);
    // SAFETY: the kernel reads the type and `size` bytes behind it, all inside `message`.
    let result = unsafe { libc::msgsnd(queue, ptr::from_ref(message).cast(), size, 0) };
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Receives a message of a type, 0 for any; returns its size.
///
/// # Errors
/// EINTR, EIDRM, E2BIG. See msgrcv(2).
pub(crate) fn msgrcv(queue: i32, message: &mut Message, mtype: c_long) -> io::Result<usize> {
    receive(queue, message, mtype, 0)
}

/// Receives any message that waits; false if none does.
///
/// # Errors
/// EIDRM, E2BIG. See msgrcv(2).
pub(crate) fn msgrcv_nowait(queue: i32, message: &mut Message) -> io::Result<bool> {
    match receive(queue, message, 0, libc::IPC_NOWAIT) {
        Err(error) if error.raw_os_error() == Some(libc::ENOMSG) => Ok(false),
        result => result.map(|_| true),
    }
}

fn receive(queue: i32, message: &mut Message, mtype: c_long, flags: i32) -> io::Result<usize> {
    let into = ptr::from_mut(message).cast();
    // SAFETY: the kernel writes a type and at most REPLY_MAX bytes behind it, all inside `message`.
    let size = unsafe { libc::msgrcv(queue, into, REPLY_MAX, mtype, flags) };
    usize::try_from(size).map_err(|_| io::Error::last_os_error())
}

/// Removes a queue.
///
/// # Errors
/// EINVAL if it is gone. See msgctl(2).
pub(crate) fn msgctl_remove(queue: i32) -> io::Result<()> {
    // SAFETY: IPC_RMID uses no structure.
    let result = unsafe { libc::msgctl(queue, libc::IPC_RMID, ptr::null_mut()) };
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// What a bare thread does; the box is what pthread_create can pass on.
pub(crate) type Body = Box<dyn FnOnce() + Send>;

/// The attributes of bare threads: detached, with a small stack.
#[derive(Debug)]
pub(crate) struct DetachedThreads {
    attributes: libc::pthread_attr_t,
}

impl DetachedThreads {
    /// Sets the attributes.
    ///
    /// # Errors
    /// EINVAL if the stack is too small. See pthread_attr_init(3).
    pub(crate) fn new() -> io::Result<DetachedThreads> {
        let mut attributes = MaybeUninit::uninit();
        // SAFETY: initialises what it is given.
        check(unsafe { libc::pthread_attr_init(attributes.as_mut_ptr()) })?;
        // SAFETY: it was initialised.
        let mut attributes = unsafe { attributes.assume_init() };
        let detached = libc::PTHREAD_CREATE_DETACHED;
        // SAFETY: the attributes are initialised.
        check(unsafe { libc::pthread_attr_setdetachstate(&mut attributes, detached) })?;
        // SAFETY: the attributes are initialised.
        check(unsafe { libc::pthread_attr_setstacksize(&mut attributes, STACK_SIZE) })?;
        Ok(DetachedThreads { attributes })
    }

    /// Starts a thread that nobody waits for.
    ///
    /// # Errors
    /// EAGAIN if there is no thread left. See pthread_create(3).
    pub(crate) fn start(&self, body: Body) -> io::Result<()> {
        let argument = Box::into_raw(Box::new(body));
        let mut thread = 0;
        let create = libc::pthread_create;
        // SAFETY: the attributes are initialised, and `argument` is what `begin` expects.
        let result = unsafe { create(&mut thread, &self.attributes, begin, argument.cast()) };
        check(result).inspect_err(|_| {
            // SAFETY: no thread has begun, so the box is still ours.
            drop(unsafe { Box::from_raw(argument) });
        })
    }
}

extern "C" fn begin(argument: *mut c_void) -> *mut c_void {
    // SAFETY: `start` has made this pointer from a box of this type, for this thread alone.
    let body = unsafe { Box::from_raw(argument.cast::<Body>()) };
    body();
    ptr::null_mut()
}

fn check(errno: i32) -> io::Result<()> {
    if errno == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(errno)) }
}
