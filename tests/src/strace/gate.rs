//! A server under strace from its first system call on: it is stopped where it opens its log file,
//! until strace is there.

use std::time::Duration;

use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::server::Server;
use crate::strace::Strace;
use crate::{sys, wait};

/// A server gets there in milliseconds.
const ARRIVAL_MAX: Duration = Duration::from_secs(10);

/// A server that was started under strace.
#[derive(Debug)]
pub struct Traced {
    /// The strace.
    pub strace: Strace,
    /// Whether the server got ready; if not, it has ended or will not get ready any more.
    pub is_ready: bool,
}

impl Server {
    /// Starts it with strace attached before its first own system call but one: the loader's and the
    /// runtime's are over, and strace counts none of them. None if this machine has no strace.
    ///
    /// Its log file is what a server opens before everything else, and no loader opens a file to
    /// append to it. We trace the server until then, and leave it stopped. See ptrace(2).
    ///
    /// # Panics
    /// If it does not get as far as its log file.
    pub fn launch_traced(&mut self, test: &str, options: &[&str]) -> Option<Traced> {
        let mut command = self.command();
        command.args(["--log-file", "/dev/null"]);
        sys::trace_from_exec(&mut command);
        self.begin(command).unwrap_or_else(|finding| finding.fail());
        let pid = Pid::from_raw(self.pid());
        run_to_log_file(pid);
        wait::until_true("a stopped server", ARRIVAL_MAX, || {
            crate::processes::of_process(pid.as_raw()).iter().all(|thread| thread.state == 'T')
        });
        let strace = Strace::attach(test, &[pid.as_raw()], options);
        kill(pid, Signal::SIGCONT).expect("it is our child");
        let is_ready = self.gets_ready().is_ok();
        strace.map(|strace| Traced { strace, is_ready })
    }
}

/// Lets a process that has just been executed run to the open of its log file, and leaves it stopped
/// behind that.
fn run_to_log_file(pid: Pid) {
    let stopped = waitpid(pid, None);
    assert!(matches!(stopped, Ok(WaitStatus::Stopped(_, Signal::SIGTRAP))), "{stopped:?}");
    ptrace::setoptions(pid, Options::PTRACE_O_TRACESYSGOOD).expect("we trace it");
    loop {
        ptrace::syscall(pid, None).expect("we trace it");
        let stopped = waitpid(pid, None).expect("it is our child");
        assert!(matches!(stopped, WaitStatus::PtraceSyscall(_)), "{stopped:?}");
        if sys::opens_to_append(pid) {
            return ptrace::detach(pid, Signal::SIGSTOP).expect("we trace it");
        }
    }
}
