//! A worker under ptrace: runs until it comes to the shared lock, then one instruction at a time.
//!
//! The processor itself says when a thread comes to the lock: a debug register watches a field of
//! the mutex that every call reads. So nothing need be known about the program.

use std::fs;
use std::mem::offset_of;
use std::thread::{sleep, yield_now};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::processes;
use crate::stage::skip;

/// Every wait here is for a process that is about to do something.
const STOP_MAX: Duration = Duration::from_secs(10);
/// How long to look without a pause.
const SPIN_MAX: Duration = Duration::from_micros(50);
/// How long to sleep between looks after that.
const POLL: Duration = Duration::from_micros(20);
/// glibc's `__kind`, the word that says what sort of mutex it is; see pthread_mutex_t.
const KIND_OFFSET: usize = 16;
/// Every page size is a multiple of this one.
const PAGE: usize = 4096;
/// PTHREAD_MUTEX_ROBUST_NORMAL_NP with the bit for sharing between processes.
const ROBUST_SHARED: u32 = 16 | 128;
/// Debug register 7: register 0 is on, for reads and writes, of 4 bytes.
const WATCH: i64 = 1 | 0b11 << 16 | 0b11 << 18;

/// All threads of a process, traced; it belongs to the thread that attached it.
#[derive(Debug)]
pub struct Tracer {
    process: i32,
    threads: Vec<Pid>,
    /// Where the mutex is, in the process.
    mutex: usize,
}

/// A thread at the lock, stopped before its next instruction.
#[derive(Debug)]
pub struct AtLock {
    tracer: Tracer,
    thread: Pid,
}

impl Tracer {
    /// Attaches to a process, which stands still from now on; None, and a word on stderr, if this
    /// machine has no debug registers of this kind or does not allow it.
    ///
    /// # Panics
    /// If the process has no shared robust mutex.
    pub fn attach(test: &str, process: i32) -> Option<Tracer> {
        if !cfg!(all(target_arch = "x86_64", target_env = "gnu")) {
            skip(test, "the debug registers of x86-64, and glibc");
            return None;
        }
        let mut threads: Vec<Pid> =
            processes::of_process(process).iter().map(|thread| Pid::from_raw(thread.tid)).collect();
        threads.sort_by_key(|thread| thread.as_raw() != process);
        for &thread in &threads {
            if ptrace::seize(thread, Options::empty()) == Err(Errno::EPERM) {
                skip(test, "a kernel that allows ptrace");
                return None;
            }
        }
        let mut tracer = Tracer { process, threads, mutex: 0 };
        for &thread in &tracer.threads {
            halt(thread);
        }
        tracer.mutex = tracer.find_mutex().expect("the process has a shared robust mutex");
        for &thread in &tracer.threads {
            set_register(thread, 0, (tracer.mutex + KIND_OFFSET) as i64);
            set_register(thread, 7, WATCH);
        }
        Some(tracer)
    }

    /// The first page shared with other processes that begins with such a mutex.
    fn find_mutex(&self) -> Option<usize> {
        let maps = fs::read_to_string(format!("/proc/{}/maps", self.process)).ok()?;
        let shared = maps.lines().filter(|line| line.contains(" rw-s ")).filter_map(|line| {
            let (start, end) = line.split_once(' ')?.0.split_once('-')?;
            let address = |text| usize::from_str_radix(text, 16).ok();
            Some((address(start)?..address(end)?).step_by(PAGE))
        });
        shared.flatten().find(|page| self.word(page + KIND_OFFSET) == ROBUST_SHARED)
    }

    fn word(&self, address: usize) -> u32 {
        let word = ptrace::read(self.threads[0], address as ptrace::AddressType);
        word.expect("a stopped process can be read") as u32
    }

    /// Lets the process run until a thread of it comes to the lock.
    ///
    /// # Panics
    /// If none does within 10 s.
    pub fn run_to_lock(self) -> AtLock {
        for &thread in &self.threads {
            ptrace::cont(thread, None).expect("it is stopped");
        }
        let first = self.threads[0];
        let trapped = |&&thread: &&Pid| has_trapped(thread) == Some(true);
        let thread = wait_for(first, |_| self.threads.iter().find(trapped).copied());
        set_register(thread, 7, 0);
        AtLock { tracer: self, thread }
    }
}

impl AtLock {
    /// Whether this thread holds the lock; one that was killed holds nothing.
    pub fn is_holder(&self) -> bool {
        let word = ptrace::read(self.thread, self.tracer.mutex as ptrace::AddressType);
        word.is_ok_and(|word| word as u32 & libc::FUTEX_TID_MASK == self.thread.as_raw() as u32)
    }

    /// Executes one instruction; a system call is one, too. False if the thread was killed.
    ///
    /// # Panics
    /// If it takes more than 10 s.
    pub fn step(&self) -> bool {
        match ptrace::step(self.thread, None) {
            Err(Errno::ESRCH) => false,
            result => {
                result.expect("it is stopped");
                wait_for(self.thread, |thread| {
                    has_trapped(thread).map_or(Some(false), |trapped| trapped.then_some(true))
                })
            }
        }
    }

    /// Whether a thread of another process, which shares this mutex, waits for it.
    pub fn is_awaited_by(&self, process: i32) -> bool {
        let in_page = |address: usize| address % PAGE;
        let waits = |tid: i32| {
            let call = fs::read_to_string(format!("/proc/{process}/task/{tid}/syscall")).ok()?;
            let mut words = call.split(' ');
            let is_futex = words.next()? == libc::SYS_futex.to_string();
            let address = usize::from_str_radix(words.next()?.strip_prefix("0x")?, 16).ok()?;
            Some(is_futex && in_page(address) == in_page(self.tracer.mutex))
        };
        processes::of_process(process).iter().any(|thread| waits(thread.tid) == Some(true))
    }

    /// Kills the process, before its next instruction.
    ///
    /// # Panics
    /// If that does not happen at once.
    pub fn kill(self) {
        tolerate_end(kill(Pid::from_raw(self.tracer.process), Signal::SIGKILL));
        // Until its tracer has seen the end, its parent does not hear of it; the first thread's end
        // comes last.
        for &thread in self.tracer.threads.iter().rev() {
            wait_for(thread, |thread| {
                let status = status(thread);
                let ended = matches!(status, Ok(WaitStatus::Signaled(..)) | Err(Errno::ECHILD));
                ended.then_some(())
            });
        }
    }

    /// Leaves the process alone: stopped before its next instruction, or running.
    ///
    /// # Panics
    /// If that does not work.
    pub fn leave(self, stopped: bool) {
        for &thread in self.tracer.threads.iter().filter(|&&thread| thread != self.thread) {
            halt(thread);
            set_register(thread, 7, 0);
        }
        if stopped {
            tolerate_end(kill(Pid::from_raw(self.tracer.process), Signal::SIGSTOP));
        }
        for &thread in &self.tracer.threads {
            tolerate_end(ptrace::detach(thread, None));
        }
    }
}

/// A server that stops kills its workers, also under our hands.
fn tolerate_end(result: nix::Result<()>) {
    match result {
        Err(Errno::ESRCH) => {}
        result => result.expect("it is traced by this thread"),
    }
}

/// Stops a traced thread that runs.
fn halt(thread: Pid) {
    ptrace::interrupt(thread).expect("it is traced");
    wait_for(thread, |thread| {
        let is_stopped =
            matches!(status(thread), Ok(WaitStatus::PtraceEvent(..) | WaitStatus::Stopped(..)));
        is_stopped.then_some(())
    });
}

/// Whether a thread has come to the end of what it may do; None if to its own end.
fn has_trapped(thread: Pid) -> Option<bool> {
    match status(thread).expect("it is traced by this thread") {
        WaitStatus::StillAlive => Some(false),
        WaitStatus::Stopped(_, Signal::SIGTRAP) => Some(true),
        WaitStatus::Signaled(..) | WaitStatus::Exited(..) => None,
        other => panic!("not the end of an instruction: {other:?}"),
    }
}

fn status(thread: Pid) -> nix::Result<WaitStatus> {
    waitpid(thread, Some(WaitPidFlag::__WALL | WaitPidFlag::WNOHANG))
}

/// Waits for what a thread does next: most often no longer than an instruction takes.
fn wait_for<T>(thread: Pid, mut condition: impl FnMut(Pid) -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = condition(thread) {
            return found;
        }
        assert!(start.elapsed() < STOP_MAX, "thread {thread} does not stop");
        if start.elapsed() < SPIN_MAX {
            yield_now();
        } else {
            // On a loaded machine the thread needs this processor.
            sleep(POLL);
        }
    }
}

#[cfg(all(target_arch = "x86_64", target_env = "gnu"))]
fn set_register(thread: Pid, number: usize, value: i64) {
    let offset = offset_of!(libc::user, u_debugreg) + number * size_of::<libc::c_ulong>();
    ptrace::write_user(thread, offset as ptrace::AddressType, value).expect("it is stopped");
}

#[cfg(not(all(target_arch = "x86_64", target_env = "gnu")))]
fn set_register(_: Pid, _: usize, _: i64) {
    unreachable!("nobody attaches on this machine");
}
