//! fork, _exit, signal handlers, anonymous shared memory and robust mutexes: calls that nix does not
//! have, or that are unsafe there.
#![allow(unsafe_code, reason = "each call is wrapped here in a safe type, with why it is sound")]

use std::cell::UnsafeCell;
use std::fs;
use std::io;
use std::marker::PhantomData;
use std::mem::{MaybeUninit, size_of};
use std::ops::{Deref, DerefMut};
use std::os::unix::fs::MetadataExt;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::sys::time::TimeSpec;
use nix::time::ClockId;
use nix::unistd::ForkResult;
use zerocopy::FromBytes;

/// Makes a child process; returns its PID, or None in the child.
///
/// # Errors
/// If this process has more than one thread; EAGAIN, ENOMEM. See fork(2).
pub(crate) fn fork() -> io::Result<Option<i32>> {
    let threads = n_threads()?;
    if threads != 1 {
        let fault = format!("a process of {threads} threads cannot be forked safely");
        return Err(io::Error::other(fault));
    }
    // SAFETY: the calling thread is the only one. So the child's memory holds no lock of a thread
    // that the child does not have.
    child_or_pid(unsafe { nix::unistd::fork() })
}

/// Makes a child process beside other threads, which it does not have.
#[cfg(test)]
pub(crate) fn fork_beside_threads() -> io::Result<Option<i32>> {
    // SAFETY: glibc resets the locks of its allocator in the child. A test's child takes no other
    // lock that a thread of the parent can hold, and leaves by `_exit`.
    child_or_pid(unsafe { nix::unistd::fork() })
}

fn child_or_pid(result: nix::Result<ForkResult>) -> io::Result<Option<i32>> {
    match result? {
        ForkResult::Parent { child } => Ok(Some(child.as_raw())),
        ForkResult::Child => Ok(None),
    }
}

/// Threads of this process. See proc_pid_task(5).
fn n_threads() -> io::Result<u64> {
    // A directory has two links of its own, and one for each directory in it: here, each thread.
    // To list them would take memory, which every child would have a copy of.
    Ok(fs::metadata("/proc/self/task")?.nlink().saturating_sub(2))
}

/// Ends this process at once: no destructor runs that belongs to the parent. See _exit(2).
pub(crate) fn _exit(status: i32) -> ! {
    // SAFETY: takes an integer and never returns.
    unsafe { libc::_exit(status) }
}

/// Gives SIGCHLD its default action. The process that started us may ignore it, and then no child
/// can be waited for.
///
/// # Errors
/// None that can happen. See signal(7).
pub fn default_sigchld() -> io::Result<()> {
    // SAFETY: the default action is no function of ours.
    unsafe { nix::sys::signal::signal(Signal::SIGCHLD, SigHandler::SigDfl) }?;
    Ok(())
}

/// Has SIGALRM interrupt blocked calls: with a handler, as an ignored signal does not.
///
/// # Errors
/// None that can happen. See sigaction(2).
pub(crate) fn interrupt_on_alarm() -> io::Result<()> {
    extern "C" fn nothing(_: i32) {}
    let action = SigAction::new(SigHandler::Handler(nothing), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing, so it may run at any moment.
    unsafe { sigaction(Signal::SIGALRM, &action) }?;
    Ok(())
}

/// Memory that this process shares with the children it forks, page-aligned; dropping it unmaps it.
#[derive(Debug)]
pub struct Memory {
    address: NonNull<libc::c_void>,
    len: usize,
}

impl Memory {
    /// Memory without a name, or ENOMEM. See mmap(2).
    pub(crate) fn anonymous(len: usize) -> io::Result<Memory> {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_SHARED | libc::MAP_ANONYMOUS;
        // SAFETY: a new mapping, at an address that the kernel chooses, overlaps nothing.
        let address = unsafe { libc::mmap(ptr::null_mut(), len, protection, flags, -1, 0) };
        if address == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Memory { address: NonNull::new(address).expect("no mapping is at 0"), len })
    }

    /// Memory that another mechanism has mapped.
    ///
    /// # Safety
    /// SAFETY: whole pages of a shared mapping, to read and write, that nobody else uses or unmaps.
    pub unsafe fn mapped(address: NonNull<libc::c_void>, len: usize) -> Memory {
        Memory { address, len }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and whatever lived in it has ended before.
        let result = unsafe { libc::munmap(self.address.as_ptr(), self.len) };
        debug_assert_eq!(result, 0, "the address and length are those of the mapping");
    }
}

/// A value in shared memory, under a robust process-shared mutex; `FromBytes`, because a process
/// killed in the middle of a copy leaves any bytes.
#[derive(Debug)]
pub(crate) struct Shared<T: FromBytes + Copy> {
    memory: Memory,
    value: PhantomData<T>,
}

// SAFETY: the mutex keeps threads apart as it does processes; the memory belongs to none of them.
unsafe impl<T: FromBytes + Copy + Send> Send for Shared<T> {}
// SAFETY: as above.
unsafe impl<T: FromBytes + Copy + Send> Sync for Shared<T> {}

#[repr(C)]
struct Block<T> {
    mutex: UnsafeCell<libc::pthread_mutex_t>,
    value: UnsafeCell<T>,
}

impl<T: FromBytes + Copy> Shared<T> {
    /// Bytes of memory that one needs.
    pub(crate) const SIZE: usize = size_of::<Block<T>>();

    /// Puts `value` into the memory, before anybody else has it. EINVAL: it is too small.
    pub(crate) fn new(memory: Memory, value: T) -> io::Result<Shared<T>> {
        if memory.len < Self::SIZE {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let block =
            Block { mutex: UnsafeCell::new(robust_mutex()?), value: UnsafeCell::new(value) };
        // SAFETY: the memory is page-aligned, large enough, and ours alone until a fork.
        unsafe { memory.address.cast().write(block) };
        Ok(Shared { memory, value: PhantomData })
    }

    /// Waits for the lock, `timeout` at most, and takes it over from a holder that died.
    ///
    /// # Errors
    /// ETIMEDOUT; ENOTRECOVERABLE. See pthread_mutex_timedlock(3).
    pub(crate) fn timedlock(&self, timeout: Duration) -> io::Result<Guard<'_, T>> {
        // SAFETY: the mutex was initialised by `new` and stays mapped as long as self lives.
        let mut result = unsafe { libc::pthread_mutex_trylock(self.mutex()) };
        // Nearly always it is free, and then no clock needs to be read.
        if result == libc::EBUSY {
            let until = ClockId::CLOCK_REALTIME.now()? + TimeSpec::from_duration(timeout);
            // SAFETY: as above.
            result = unsafe { libc::pthread_mutex_timedlock(self.mutex(), until.as_ref()) };
        }
        match result {
            0 => Ok(Guard { shared: self, here: PhantomData }),
            libc::EOWNERDEAD => {
                let guard = Guard { shared: self, here: PhantomData };
                // SAFETY: as above; this thread holds the mutex, as the call demands.
                let result = unsafe { libc::pthread_mutex_consistent(self.mutex()) };
                check(result).map(|()| guard)
            }
            errno => Err(io::Error::from_raw_os_error(errno)),
        }
    }

    /// The thread that holds the lock now, or 0.
    ///
    /// The mutex's first word names it. The kernel reads that word too, when a holder dies. See
    /// futex(2).
    pub(crate) fn owner(&self) -> i32 {
        // SAFETY: glibc's first word of a mutex is its futex, accessed atomically by all.
        let futex = unsafe { AtomicU32::from_ptr(self.mutex().cast()) };
        (futex.load(Ordering::Relaxed) & libc::FUTEX_TID_MASK) as i32
    }

    fn mutex(&self) -> *mut libc::pthread_mutex_t {
        self.block().mutex.get()
    }

    fn block(&self) -> &Block<T> {
        // SAFETY: `new` has put a Block there; only its UnsafeCells change.
        unsafe { self.memory.address.cast().as_ref() }
    }
}

/// The held lock; dropping it lets go.
#[derive(Debug)]
pub(crate) struct Guard<'a, T: FromBytes + Copy> {
    shared: &'a Shared<T>,
    /// It stays in its thread, which alone may unlock.
    here: PhantomData<*mut T>,
}

impl<T: FromBytes + Copy> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: this thread holds the lock, and any bytes are a T.
        unsafe { &*self.shared.block().value.get() }
    }
}

impl<T: FromBytes + Copy> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this thread holds the lock, and `&mut self` is the only guard.
        unsafe { &mut *self.shared.block().value.get() }
    }
}

impl<T: FromBytes + Copy> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        // SAFETY: this thread locked the mutex.
        let result = unsafe { libc::pthread_mutex_unlock(self.shared.mutex()) };
        debug_assert_eq!(result, 0, "the holder can always unlock");
    }
}

/// A mutex to share that survives its holder. See pthread_mutexattr_setrobust(3).
fn robust_mutex() -> io::Result<libc::pthread_mutex_t> {
    let mut attributes = MaybeUninit::uninit();
    let mut mutex = libc::PTHREAD_MUTEX_INITIALIZER;
    // SAFETY: initialises what it is given.
    check(unsafe { libc::pthread_mutexattr_init(attributes.as_mut_ptr()) })?;
    // SAFETY: `attributes` are initialised.
    let shared = unsafe {
        libc::pthread_mutexattr_setpshared(attributes.as_mut_ptr(), libc::PTHREAD_PROCESS_SHARED)
    };
    // SAFETY: as above.
    let robust = unsafe {
        libc::pthread_mutexattr_setrobust(attributes.as_mut_ptr(), libc::PTHREAD_MUTEX_ROBUST)
    };
    // SAFETY: glibc's mutex holds no pointer to itself before its first lock, so it may move.
    let made = unsafe { libc::pthread_mutex_init(&mut mutex, attributes.as_ptr()) };
    // SAFETY: `attributes` are initialised, and a mutex keeps no reference to them.
    let destroyed = unsafe { libc::pthread_mutexattr_destroy(attributes.as_mut_ptr()) };
    [shared, robust, made, destroyed].into_iter().try_for_each(check)?;
    Ok(mutex)
}

fn check(errno: i32) -> io::Result<()> {
    if errno == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(errno)) }
}
