//! strace on a running server: counts its system calls, or makes them fail or wait.

pub mod gate;
pub mod trace;

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::processes;
use crate::stage::skip;
use crate::{sys, wait};

/// Attaching takes milliseconds for each thread.
const ATTACH_MAX: Duration = Duration::from_secs(10);

/// A server at rest is asleep again at once.
const SETTLE_MAX: Duration = Duration::from_millis(500);

/// Detaching too.
const DETACH_MAX: Duration = Duration::from_secs(5);

/// A running strace; dropping it detaches it.
#[derive(Debug)]
pub struct Strace {
    child: Child,
    base: TempDir,
}

impl Strace {
    /// Attaches to all threads of some processes, with more options; None, and a word on stderr, if
    /// this machine has no strace or does not allow it.
    ///
    /// # Panics
    /// If it runs but does not attach.
    pub fn attach(test: &str, pids: &[i32], options: &[impl AsRef<OsStr>]) -> Option<Strace> {
        Strace::try_attach(pids, options).map_err(|needs| skip(test, needs)).ok()
    }

    /// The same, for a caller that says itself what this machine lacks.
    ///
    /// # Errors
    /// What is needed for it.
    ///
    /// # Panics
    /// As [`Strace::attach`].
    pub fn try_attach(pids: &[i32], options: &[impl AsRef<OsStr>]) -> Result<Strace, &'static str> {
        let base = tempfile::tempdir().expect("a directory for the trace");
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-o"]).arg(base.path().join("trace")).args(options);
        for pid in pids {
            command.args(["-p", &pid.to_string()]);
        }
        sys::tie_to_this_thread(&mut command);
        let Ok(child) = command.stderr(Stdio::null()).spawn() else { return Err("strace") };
        let mut strace = Strace { child, base };
        let attached = wait::until(ATTACH_MAX, || {
            // A fault that hits at once may have ended the process, and strace with it.
            let exited = strace.child.try_wait().expect("it is our child");
            let traced = pids
                .iter()
                .flat_map(|&pid| processes::of_process(pid))
                .all(|thread| is_traced(thread.tid));
            exited.map(|status| status.success()).or_else(|| traced.then_some(true))
        });
        match attached {
            Some(true) => {
                strace.settle(pids);
                Ok(strace)
            }
            Some(false) => Err("a kernel that allows ptrace"),
            None => panic!("strace did not attach"),
        }
    }

    /// Waits until it and all threads of these processes sleep: seizing only asks a thread to stop,
    /// and a call that it makes before is neither seen nor counted. A busy server may never sleep,
    /// but its threads do not wait for the processor that long.
    fn settle(&self, pids: &[i32]) {
        let rests = |state| matches!(state, 'S' | 'T' | 't');
        let sleeps = |pid| processes::of_process(pid).iter().all(|thread| rests(thread.state));
        let strace = self.child.id() as i32;
        wait::until(SETTLE_MAX, || {
            let settled = sleeps(strace) && pids.iter().all(|&pid| sleeps(pid)) && sleeps(strace);
            settled.then_some(())
        });
    }

    /// Detaches, and returns what it has written.
    ///
    /// # Panics
    /// If it has written nothing.
    pub fn finish(mut self) -> String {
        self.detach();
        fs::read_to_string(self.trace()).expect("strace has written its file")
    }

    /// What it has written by now.
    ///
    /// # Panics
    /// If it has written nothing.
    pub fn so_far(&self) -> String {
        fs::read_to_string(self.trace()).expect("strace has written its file")
    }

    /// Kills it, so that a server that ends while strace delays one of its calls can do so: an
    /// interrupted strace would wait for the end of the delay.
    ///
    /// # Panics
    /// If it cannot be killed.
    pub fn kill(mut self) {
        self.end();
    }

    fn trace(&self) -> PathBuf {
        self.base.path().join("trace")
    }

    fn detach(&mut self) {
        // It may be gone already, with the process that it traced; then it is not reaped yet, and
        // the PID still its own.
        kill(Pid::from_raw(self.child.id() as i32), Signal::SIGINT)
            .expect("a child can be signalled");
        let ended = || self.child.try_wait().expect("it is our child");
        if wait::until(DETACH_MAX, ended).is_none() {
            // It waits for a process that ends while one of its calls is delayed.
            self.end();
        }
    }

    fn end(&mut self) {
        let killed = self.child.kill().and_then(|()| self.child.wait());
        killed.expect("a child can be killed and reaped");
    }
}

impl Drop for Strace {
    fn drop(&mut self) {
        if self.child.try_wait().expect("it is our child").is_none() {
            self.detach();
        }
    }
}

fn is_traced(tid: i32) -> bool {
    let status = fs::read_to_string(format!("/proc/{tid}/status")).unwrap_or_default();
    let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:"));
    tracer.is_some_and(|pid| pid.trim() != "0")
}

/// How often a call stands in a table that `strace -c` has made; of `total`, all of them.
///
/// # Panics
/// If it is no such table.
pub fn calls(table: &str, name: &str) -> u32 {
    let line = table.lines().find(|line| line.split_whitespace().last() == Some(name));
    let count = line.map(|line| line.split_whitespace().nth(3).expect("a line has four columns"));
    count.map_or(0, |count| count.parse().expect("the fourth is a number"))
}
