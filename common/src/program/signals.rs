//! Signals as events: blocked before any thread or child exists, then read like data by the main
//! thread.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use crate::program::exit::plain;
use crate::sys;

/// The signals a server's main thread waits for: SIGTERM, SIGINT, SIGHUP and SIGCHLD.
#[derive(Debug)]
pub struct Signals {
    descriptor: SignalFd,
    /// What SIGHUP does; None: it is returned like the others.
    on_hangup: Option<fn()>,
}

impl Signals {
    /// Blocks the signals in this thread, and so in every thread and child made after, and opens
    /// their descriptor.
    ///
    /// Blocked, they interrupt no system call and run no handler. Workers keep them blocked: Ctrl-C
    /// reaches the whole process group, and only the parent may act on it.
    ///
    /// SIGHUP calls `on_hangup` while somebody waits. Without that it is a signal like the others, but
    /// stays ignored if it was: nohup asked for that.
    ///
    /// # Errors
    /// EMFILE, ENFILE, ENOMEM. See signalfd(2).
    pub fn block(on_hangup: Option<fn()>) -> io::Result<Signals> {
        let mut set = SigSet::empty();
        set.add(Signal::SIGTERM);
        set.add(Signal::SIGINT);
        set.add(Signal::SIGCHLD);
        if on_hangup.is_some() || !sys::is_ignored(Signal::SIGHUP)? {
            set.add(Signal::SIGHUP);
        }
        set.thread_block()?;
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        Ok(Signals { descriptor: SignalFd::with_flags(&set, flags)?, on_hangup })
    }

    /// The next signal, or None when `timeout` has passed without one.
    ///
    /// # Errors
    /// Says that no signal can be waited for, and why: ENOMEM. See poll(2).
    pub fn wait(&self, timeout: Duration) -> io::Result<Option<Signal>> {
        let deadline = Instant::now() + timeout;
        loop {
            match self.descriptor.read_signal() {
                Ok(Some(info)) => match (Signal::try_from(info.ssi_signo as i32), self.on_hangup) {
                    (Ok(Signal::SIGHUP), Some(act)) => {
                        act();
                        continue;
                    }
                    (signal, _) => return Ok(signal.ok()),
                },
                Ok(None) => {}
                Err(Errno::EINTR) => continue,
                Err(errno) => return Err(failed(errno)),
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            // Rounded up: a poll that is a fraction of a millisecond early would spin until the
            // deadline.
            let milliseconds = left.as_micros().div_ceil(1000);
            let poll_timeout = PollTimeout::try_from(milliseconds).unwrap_or(PollTimeout::MAX);
            match poll(&mut [PollFd::new(self.descriptor.as_fd(), PollFlags::POLLIN)], poll_timeout)
            {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(errno) => return Err(failed(errno)),
            }
        }
    }
}

/// For a thread that waits for more than signals: when it can be read, [`Signals::wait`] has one.
impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

/// What a program may find ignored because whoever started it wants it so: nohup, a shell's
/// background job, a shell without job control. SIGPIPE std ignores itself.
const LEFT_ALONE: [Signal; 9] = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGPIPE,
    Signal::SIGTSTP,
    Signal::SIGTTIN,
    Signal::SIGTTOU,
    Signal::SIGKILL,
    Signal::SIGSTOP,
];

/// Blocks nothing, and ignores nothing by accident: the first line of every `main`.
///
/// Both are inherited. Where SIGCHLD is ignored nobody can wait for a child (ECHILD); where SIGALRM
/// is ignored or blocked no time-out ends.
///
/// # Panics
/// Never: the calls cannot fail for these signals.
pub fn inherit_nothing() {
    for signal in Signal::iterator().filter(|signal| !LEFT_ALONE.contains(signal)) {
        // A handler cannot be inherited: what is not ignored is as it should be.
        let reset = sys::is_ignored(signal)
            .and_then(|ignored| if ignored { sys::set_default(signal) } else { Ok(()) });
        reset.expect("these signals can be ignored, and so reset");
    }
    SigSet::empty().thread_set_mask().expect("an empty set is legal");
}

/// Has a file that may not grow any more (`ulimit -f`) fail a write with EFBIG, as a full disk does,
/// and not end the program by SIGXFSZ. See getrlimit(2).
///
/// # Panics
/// Never: this signal can be ignored.
pub fn survive_file_size_limit() {
    sys::ignore(Signal::SIGXFSZ).expect("it can be ignored");
}

/// With this the server ends, so it is a sentence.
fn failed(errno: Errno) -> io::Error {
    io::Error::other(format!("cannot wait for signals: {}", plain(&errno.into())))
}

/// Waits until `out` has room for a line, or a signal to stop is there; whether it is the signal, which
/// stays for whoever waits for signals.
///
/// # Errors
/// EMFILE, ENFILE, ENOMEM. See signalfd(2), poll(2).
pub fn stop_comes_before_room(out: BorrowedFd<'_>) -> io::Result<bool> {
    let mut stop = SigSet::empty();
    stop.add(Signal::SIGTERM);
    stop.add(Signal::SIGINT);
    let stop = SignalFd::with_flags(&stop, SfdFlags::SFD_CLOEXEC)?;
    let mut events =
        [PollFd::new(out, PollFlags::POLLOUT), PollFd::new(stop.as_fd(), PollFlags::POLLIN)];
    loop {
        match poll(&mut events, PollTimeout::NONE) {
            Err(Errno::EINTR) => continue,
            Err(errno) => return Err(errno.into()),
            Ok(_) => return Ok(!events[0].any().unwrap_or(true)),
        }
    }
}
