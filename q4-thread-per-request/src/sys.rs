//! Detached threads by pthread_create(3).
//!
//! A thread of std has a second stack, on which it can report that its first has overflowed. That
//! costs eight system calls more for each thread, a third of its price. And if there is no memory
//! for the second stack, std ends the whole server. Here a thread has one stack, with the C
//! library's guard page below it: an overflow ends the server by SIGSEGV, without a message.
#![allow(unsafe_code, reason = "each call is wrapped here in a safe type, with why it is sound")]

use std::ffi::c_void;
use std::io;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use common::program::process;
use q3_threads::armour::workers::STACK_SIZE;
use tracing::warn;

/// Starts threads that are detached, have the same name, and small stacks.
#[derive(Debug)]
pub struct DetachedThreads {
    name: &'static str,
    attributes: libc::pthread_attr_t,
}

impl DetachedThreads {
    /// Prepares the attributes of threads that show as `name` in `ps -L`.
    ///
    /// # Errors
    /// ENOMEM. See pthread_attr_init(3).
    pub fn new(name: &'static str) -> io::Result<DetachedThreads> {
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

    /// Starts a thread that nobody waits for. A panic ends this thread and nothing else.
    ///
    /// # Errors
    /// EAGAIN if there is no thread, or no memory for its stack. See pthread_create(3).
    pub fn start(&self, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
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
        let attributes = &self.attributes;
        let begin = begin::<F>;
        let mut thread = 0;
        // SAFETY: the attributes are initialised, and `argument` is what `begin` expects.
        let created =
            unsafe { libc::pthread_create(&mut thread, attributes, begin, argument.cast()) };
        check(created).inspect_err(|_| {
            // SAFETY: no thread has begun, so the box is still ours.
            drop(unsafe { Box::from_raw(argument) });
        })
    }
}

extern "C" fn begin<F: FnOnce()>(argument: *mut c_void) -> *mut c_void {
    // SAFETY: `pthread_create` made this pointer from a box of this type, for this thread alone.
    let body = unsafe { Box::from_raw(argument.cast::<F>()) };
    // The panic hook has printed the panic. It must stop here, because it may not unwind the C
    // function that called this one.
    let _result = catch_unwind(AssertUnwindSafe(body));
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
