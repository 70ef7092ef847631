//! Detached threads by pthread_create(3).
//!
//! std's threads each get a second stack, on which a stack overflow is reported: eight system calls
//! more at a thread's birth and death, a third of its price, and a server that ends if a new
//! thread finds no memory for it. Here an overflow ends the server by SIGSEGV, at the guard page
//! that the C library puts below each stack, and without a last word.
#![allow(unsafe_code, reason = "each call is wrapped here in a safe type, with why it is sound")]

use std::ffi::c_void;
use std::io;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use common::process;
use q3_threads::armour::workers::STACK_SIZE;
use tracing::warn;

/// What new threads are like: detached, of one name, and with small stacks.
#[derive(Debug)]
pub(crate) struct DetachedThreads {
    name: &'static str,
    attributes: libc::pthread_attr_t,
}

impl DetachedThreads {
    /// Sets the attributes.
    ///
    /// # Errors
    /// ENOMEM. See pthread_attr_init(3).
    pub(crate) fn new(name: &'static str) -> io::Result<DetachedThreads> {
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
        Ok(DetachedThreads { name, attributes })
    }

    /// Starts a thread that nobody waits for; a panic ends it and nothing else.
    ///
    /// # Errors
    /// EAGAIN if there is no thread left. See pthread_create(3).
    pub(crate) fn start(&self, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let name = self.name;
        self.pthread_create(move || {
            if let Err(error) = process::name(name) {
                warn!("cannot name a thread: {error}");
            }
            body();
        })
    }

    fn pthread_create<F: FnOnce() + Send + 'static>(&self, body: F) -> io::Result<()> {
        let argument = Box::into_raw(Box::new(body));
        let (mut thread, create, begin) = (0, libc::pthread_create, begin::<F>);
        // SAFETY: the attributes are initialised, and `argument` is what `begin` expects.
        let result = unsafe { create(&mut thread, &self.attributes, begin, argument.cast()) };
        check(result).inspect_err(|_| {
            // SAFETY: no thread has begun, so the box is still ours.
            drop(unsafe { Box::from_raw(argument) });
        })
    }
}

extern "C" fn begin<F: FnOnce()>(argument: *mut c_void) -> *mut c_void {
    // SAFETY: `start` has made this pointer from a box of this type, for this thread alone.
    let body = unsafe { Box::from_raw(argument.cast::<F>()) };
    // The panic has said what it is; a C function that called this one must not be unwound.
    let _ended = catch_unwind(AssertUnwindSafe(body));
    ptr::null_mut()
}

fn check(errno: i32) -> io::Result<()> {
    if errno == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(errno)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_thread_runs_its_body_and_a_panic_drops_what_it_owns_and_ends_nothing_else() {
        let threads = DetachedThreads::new("q4 test").unwrap();
        let (sender, receiver) = mpsc::channel();
        let survivor = sender.clone();
        threads.start(move || sender.send(1).unwrap()).unwrap();
        assert_eq!(receiver.recv(), Ok(1));
        threads
            .start(move || {
                survivor.send(2).unwrap();
                panic!("a body panics");
            })
            .unwrap();
        assert_eq!(receiver.recv(), Ok(2));
        assert!(receiver.recv().is_err(), "the last sender is gone with its thread");
    }
}
