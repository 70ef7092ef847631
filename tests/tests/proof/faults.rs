//! What can go wrong with the system calls of a server: errors, once and for ever, and short
//! results.

use std::collections::BTreeMap;

use harness::server::Server;

/// Errors that are tried with every call.
const ERRORS: [&str; 7] = ["EINTR", "EAGAIN", "ENOMEM", "EMFILE", "ENOSPC", "EIO", "EPIPE"];

/// Calls that do not fail, whatever the machine lacks: they take or give numbers of the process
/// itself, or fail only for arguments that are wrong. std and glibc rely on it, and abort or try for
/// ever.
const UNFAILING: [&str; 20] = [
    "brk",
    "close",
    "exit",
    "exit_group",
    "futex",
    "geteuid",
    "getpid",
    "getppid",
    "getrandom",
    "gettid",
    "kill",
    "munmap",
    "restart_syscall",
    "rseq",
    "rt_sigaction",
    "rt_sigprocmask",
    "sched_getaffinity",
    "sched_yield",
    "set_robust_list",
    "sigaltstack",
];

/// Results that are shorter than what was asked for: the call, the file where only one is meant,
/// the result.
///
/// strace makes no call that it gives a result to. So a read can only be at its end; and what a
/// write claims to have written is nowhere, which may only be tried where nobody relies on it.
const SHORT: [(&str, Option<&str>, usize); 12] = [
    ("pwrite64", Some("spectacles.dat"), 0),
    ("pwrite64", Some("spectacles.dat"), 1),
    ("pwrite64", Some("spectacles.dat"), 3),
    ("read", Some("spectacles.dat"), 0),
    ("read", Some("consult.fifo"), 0),
    ("read", Some("reserve.fifo"), 0),
    ("pread64", Some("lock"), 0),
    ("getdents64", None, 0),
    ("write", None, 0),
    ("sendto", None, 0),
    ("sendto", None, 1),
    ("recvfrom", None, 0),
];

/// A call that fails, or comes back early, when a thread makes it for the `when`-th time.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) call: String,
    file: Option<&'static str>,
    /// What strace is told about the result.
    result: String,
    /// How often, in strace's words: N, N+ (from then on) or N+2 (from then on every second time).
    when: String,
}

impl Fault {
    pub(crate) fn options(&self, server: &Server) -> Vec<String> {
        let Fault { call, file, result, when } = self;
        let mut options = vec!["-e".to_owned(), format!("trace={call}")];
        options.extend(["-e".into(), format!("inject={call}:{result}:when={when}")]);
        if let Some(file) = file {
            options.extend(["-P".into(), server.dir().join(file).display().to_string()]);
        }
        options
    }

    pub(crate) fn is_for_ever(&self) -> bool {
        self.when.ends_with('+')
    }
}

/// All faults of a run in which each call is made as often as `most` says.
pub(crate) fn all(most: &BTreeMap<String, usize>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (call, &most) in most.iter().filter(|(call, _)| !UNFAILING.contains(&call.as_str())) {
        let mut add = |file, result: String, when: String| {
            faults.push(Fault { call: call.clone(), file, result, when });
        };
        for when in 1..=most {
            for error in ERRORS {
                add(None, format!("error={error}"), when.to_string());
                // Nothing interrupts for ever, and no call that waits, or that poll says need not
                // wait, has nothing for ever; every second time is as bad as it gets.
                let waits = ["read", "recvfrom", "sendto", "accept4"].contains(&call.as_str());
                let is_passing = error == "EINTR" || (error == "EAGAIN" && waits);
                let again = if is_passing { "+2" } else { "+" };
                add(None, format!("error={error}"), format!("{when}{again}"));
            }
        }
        for (_, file, result) in SHORT.into_iter().filter(|short| short.0 == call) {
            for when in 1..=most {
                add(file, format!("retval={result}"), when.to_string());
            }
        }
    }
    faults
}
