//! Bare System V messages, bare threads and io_uring: the calls that nix has not.
#![allow(unsafe_code, reason = "each call is wrapped here, with the reason why it is sound")]

use std::ffi::{c_long, c_void};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
use std::ptr;
use std::sync::atomic::{AtomicU8, Ordering};

use common::protocol::reply::REPLY_MAX;
use common::protocol::request::REQUEST_SIZE;
use io_uring::squeue::Entry;
use io_uring::types::Fd;
use io_uring::{IoUring, opcode};

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

/// Bytes of a request that the kernel writes while this process goes on; they are there until it ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Buffer(&'static [AtomicU8; REQUEST_SIZE]);

impl Buffer {
    /// New bytes, all zero.
    pub(crate) fn new() -> Buffer {
        Buffer(Box::leak(Box::new([const { AtomicU8::new(0) }; REQUEST_SIZE])))
    }

    /// What they are now.
    pub(crate) fn bytes(self) -> [u8; REQUEST_SIZE] {
        self.0.each_ref().map(|byte| byte.load(Ordering::Relaxed))
    }
}

/// What is sent as a reply: nobody reads it.
static REPLY: [u8; REPLY_MAX] = [0; REPLY_MAX];

/// An io_uring. See io_uring(7).
pub(crate) struct Ring(IoUring);

impl Ring {
    /// A ring with room for so many requests to the kernel.
    ///
    /// # Errors
    /// ENOSYS, EPERM if this machine has none. See io_uring_setup(2).
    pub(crate) fn new(entries: u32) -> io::Result<Ring> {
        IoUring::new(entries).map(Ring)
    }

    /// Tells once when there is something to read.
    ///
    /// # Errors
    /// Of io_uring_enter(2).
    pub(crate) fn poll(&mut self, socket: &impl AsRawFd, tag: u64) -> io::Result<()> {
        let readable = libc::POLLIN as u32;
        self.push(opcode::PollAdd::new(Fd(socket.as_raw_fd()), readable).build(), tag)
    }

    /// Receives a whole request.
    ///
    /// # Errors
    /// Of io_uring_enter(2).
    pub(crate) fn receive(
        &mut self,
        socket: &impl AsRawFd,
        into: Buffer,
        tag: u64,
    ) -> io::Result<()> {
        let into = into.0.as_ptr().cast::<u8>().cast_mut();
        let receive = opcode::Recv::new(Fd(socket.as_raw_fd()), into, REQUEST_SIZE as u32);
        self.push(receive.flags(libc::MSG_WAITALL).build(), tag)
    }

    /// Sends a reply of this size.
    ///
    /// # Errors
    /// Of io_uring_enter(2).
    pub(crate) fn send(&mut self, socket: &impl AsRawFd, size: usize, tag: u64) -> io::Result<()> {
        let reply = &REPLY[..size];
        let send = opcode::Send::new(Fd(socket.as_raw_fd()), reply.as_ptr(), size as u32);
        self.push(send.flags(libc::MSG_NOSIGNAL).build(), tag)
    }

    fn push(&mut self, entry: Entry, tag: u64) -> io::Result<()> {
        let entry = entry.user_data(tag);
        loop {
            // SAFETY: what an entry points to, a Buffer's bytes or REPLY, is there until the process
            // ends; the kernel writes atomics only.
            if unsafe { self.0.submission().push(&entry) }.is_ok() {
                return Ok(());
            }
            self.0.submit()?;
        }
    }

    /// Hands over what was asked for, and waits until something is done: its tag, and its result.
    ///
    /// # Errors
    /// Of io_uring_enter(2).
    pub(crate) fn wait(&mut self) -> io::Result<Vec<(u64, i32)>> {
        match self.0.submit_and_wait(1) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => drop(result?),
        }
        Ok(self.0.completion().map(|done| (done.user_data(), done.result())).collect())
    }
}
