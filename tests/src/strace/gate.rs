//! A server under strace from its first system call on: it waits at its log file, a FIFO that
//! nobody reads yet, until strace is there.

use std::fs::{self, File};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use nix::fcntl::OFlag;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::server::Server;
use crate::strace::Strace;
use crate::wait;

/// How often strace has counted a call when the server goes on from the gate: it sees the open in
/// which the server waits begin once more. A fault injected there would hit before anything is done.
pub fn counted_before(call: &str) -> usize {
    usize::from(call == "openat")
}

/// A server gets there in milliseconds.
const ARRIVAL_MAX: Duration = Duration::from_secs(10);

/// A server that was started under strace.
#[derive(Debug)]
pub struct Traced {
    /// The strace.
    pub strace: Strace,
    /// Whether the server got ready; if not, it has ended or will not get ready any more.
    pub is_ready: bool,
    /// Takes what is logged, up to the 64 KiB of a pipe; nobody reads it.
    _gate: File,
}

impl Server {
    /// Starts it with strace attached before its first own system call: the loader's and the
    /// runtime's are over, and strace counts none of them. None if this machine has no strace.
    ///
    /// `--log-file` is the only option whose file a server opens before everything else, and the
    /// open of a FIFO waits for a reader. See fifo(7).
    ///
    /// # Panics
    /// If it does not get as far as its log file.
    pub fn launch_traced(&mut self, test: &str, options: &[&str]) -> Option<Traced> {
        let gate = self.base().join("gate");
        if !gate.exists() {
            mkfifo(&gate, Mode::S_IRUSR | Mode::S_IWUSR).expect("the base is ours");
        }
        let mut command = self.command();
        command.arg("--log-file").arg(&gate);
        let stdout = self.begin(command);
        let pid = self.pid();
        wait::until_true("a server at its log file", ARRIVAL_MAX, || waits_at_gate(pid));
        let strace = Strace::attach(test, &[pid], options);
        let gate = open(&gate);
        let is_ready = self.gets_ready(stdout);
        strace.map(|strace| Traced { strace, is_ready, _gate: gate })
    }
}

/// Opens both ends, so that the server's open returns and no write of its finds the pipe without a
/// reader.
fn open(gate: &Path) -> File {
    let mut options = File::options();
    let both = options.read(true).write(true).custom_flags(OFlag::O_NONBLOCK.bits());
    both.open(gate).expect("the FIFO is ours")
}

/// Whether a process sleeps in the open of a file that it will append to: no loader does that.
///
/// A machine that does not tell has no strace either.
fn waits_at_gate(pid: i32) -> bool {
    let Ok(call) = fs::read_to_string(format!("/proc/{pid}/syscall")) else { return true };
    let mut words = call.split_whitespace();
    let number = words.next().and_then(|word| word.parse().ok());
    let flags =
        words.nth(2).and_then(|word| i32::from_str_radix(word.trim_start_matches("0x"), 16).ok());
    number == Some(libc::SYS_openat) && flags.is_some_and(|flags| flags & libc::O_APPEND != 0)
}
