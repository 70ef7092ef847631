//! A process that hangs and is not stopped: all its threads, or one of them, stand still under
//! ptrace, which its parent is not told.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle, sleep};
use std::time::Duration;

use common::program::process::is_alive;
use nix::errno::Errno;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::processes::{self, Thread};
use crate::stage::skip;

/// How often to look whether a thread has been killed: until then its process cannot be reaped.
const POLL: Duration = Duration::from_micros(200);

/// A process that hangs as long as this is held, or until it is killed.
#[derive(Debug)]
pub struct Hang {
    over: Option<Sender<()>>,
    tracer: Option<JoinHandle<()>>,
}

impl Hang {
    /// Makes a process hang; None, and a word on stderr, if this machine does not allow it.
    ///
    /// # Panics
    /// If it allows a part of it.
    pub fn start(test: &str, process: i32) -> Option<Hang> {
        Hang::hold(test, process, |_| true)
    }

    /// Makes the threads of a name hang in a process that goes on.
    ///
    /// # Panics
    /// As [`Hang::start`].
    pub fn thread(test: &str, process: i32, name: &'static str) -> Option<Hang> {
        Hang::hold(test, process, move |thread| thread.name == name)
    }

    fn hold(
        test: &str,
        process: i32,
        which: impl Fn(&Thread) -> bool + Send + 'static,
    ) -> Option<Hang> {
        let ((over, ends), (says, hears)) = (channel(), channel());
        // Whoever traces is a thread, and this one has other things to do.
        let tracer = thread::spawn(move || hold(process, which, &says, &ends));
        if hears.recv() != Ok(()) {
            tracer.join().expect("the tracer does not panic");
            skip(test, "a kernel that allows ptrace");
            return None;
        }
        Some(Hang { over: Some(over), tracer: Some(tracer) })
    }
}

impl Drop for Hang {
    fn drop(&mut self) {
        self.over = None;
        if self.tracer.take().is_some_and(|tracer| tracer.join().is_err()) {
            eprintln!("the tracer has panicked");
        }
    }
}

/// Holds threads of a process until `ends` is closed, and lets go of those that are killed.
fn hold(process: i32, which: impl Fn(&Thread) -> bool, says: &Sender<()>, ends: &Receiver<()>) {
    let mut threads: Vec<Pid> = Vec::new();
    // Those that run meanwhile may start others, and end.
    loop {
        let all = processes::of_process(process).into_iter().filter(&which);
        let all = all.map(|it| Pid::from_raw(it.tid));
        let new: Vec<Pid> = all.filter(|thread| !threads.contains(thread)).collect();
        if new.is_empty() {
            break;
        }
        for thread in new {
            match ptrace::seize(thread, Options::empty()).and_then(|()| ptrace::interrupt(thread)) {
                Err(Errno::ESRCH) => continue,
                // It is ending, or has just ended.
                Err(Errno::EPERM) if !is_alive(thread.as_raw()) => continue,
                Err(Errno::EPERM) => return,
                seized => seized.expect("ptrace has no other errors here"),
            }
            // It stands still, and no sooner.
            if let Ok(WaitStatus::PtraceEvent(..)) = waitpid(thread, Some(WaitPidFlag::__WALL)) {
                threads.push(thread);
            }
        }
    }
    says.send(()).expect("somebody waits for it");
    while !threads.is_empty() && ends.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
        // A killed thread shows here first: its parent learns it after us.
        threads.retain(|&thread| {
            let flags = WaitPidFlag::__WALL | WaitPidFlag::WNOHANG;
            matches!(waitpid(thread, Some(flags)), Ok(WaitStatus::StillAlive))
        });
        sleep(POLL);
    }
    for thread in threads {
        // One that was killed this moment needs no more.
        let _ = ptrace::detach(thread, None::<Signal>);
    }
}
