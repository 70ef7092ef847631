//! A hostile client in a process of its own, until it is killed.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::attack::Attack;
use crate::server::Server;
use crate::stage::program;
use crate::{processes, sys, wait};

/// A stop takes effect when the process is next scheduled.
const STOP_MAX: Duration = Duration::from_secs(10);
/// Each request waits for room, 10 s at most.
const SEND_MAX: Duration = Duration::from_secs(60);

/// The first word by which a program that is not beside `hostile` is that program itself.
pub const HOSTILE: &str = "hostile";

/// Whether this program is `hostile` too, when it is called so.
static IS_OURSELVES: AtomicBool = AtomicBool::new(false);

/// Has attackers started as this program with the word [`HOSTILE`], which it must understand: in a
/// box it cannot see what stands beside it.
pub fn is_this_program() {
    IS_OURSELVES.store(true, Ordering::Relaxed);
}

fn command() -> Command {
    if !IS_OURSELVES.load(Ordering::Relaxed) {
        return Command::new(program(HOSTILE));
    }
    let mut command = Command::new("/proc/self/exe");
    command.arg(HOSTILE);
    command
}

/// The running client; dropping it kills it.
#[derive(Debug)]
pub struct Attacker {
    child: Child,
}

impl Attacker {
    /// Starts one.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start(server: &Server, attack: Attack, count: u64, seed: u64) -> Attacker {
        let mut command = command();
        command.arg(server.stage().package()).arg(server.dir());
        command.arg(format!("{attack:?}").to_lowercase());
        command.args([count.to_string(), seed.to_string()]);
        sys::tie_to_this_thread(&mut command);
        let child = command.stdout(Stdio::piped()).spawn().expect("the client can be started");
        Attacker { child }
    }

    /// Whether it says, within `limit`, that it has done its work.
    ///
    /// # Panics
    /// If it has ended instead.
    pub fn has_sent(&mut self, limit: Duration) -> bool {
        let stdout = self.child.stdout.as_mut().expect("stdout is piped");
        if !wait::until_readable(stdout, limit) {
            return false;
        }
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).expect("the client writes UTF-8");
        assert!(line.starts_with("sent"), "{line:?}");
        true
    }

    /// Stops it, as Ctrl-Z does.
    ///
    /// # Panics
    /// If it does not stop.
    pub fn freeze(&self) {
        let pid = self.child.id() as i32;
        kill(Pid::from_raw(pid), Signal::SIGSTOP).expect("a child can be signalled");
        let is_stopped = || processes::of_process(pid).iter().all(|thread| thread.state == 'T');
        wait::until_true("a stopped client", STOP_MAX, is_stopped);
    }
}

impl Drop for Attacker {
    fn drop(&mut self) {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        ended.expect("a child can be killed and reaped");
    }
}

/// A client that asks and never reads the answer.
#[derive(Debug)]
pub struct NeverReads {
    _client: Attacker,
}

impl NeverReads {
    /// Starts one that sends LISTs; it has sent them when this returns. Dropping it kills it between
    /// request and reply.
    ///
    /// # Panics
    /// If it cannot be started or does not say that it has sent them.
    pub fn start(server: &Server, requests: u64) -> NeverReads {
        let mut client = Attacker::start(server, Attack::Silent, requests, 0);
        assert!(client.has_sent(SEND_MAX), "it has not sent its requests");
        NeverReads { _client: client }
    }
}
