//! Neither zombie nor orphan: SIGCHLD says that children ended, a loop of waitpid says which.

use std::process::ExitCode;

use clap::Parser;
use common::program::exit;
use common::program::signals::inherit_nothing;
use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal, raise};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use q0_primitives::pause::Pause;
use q0_primitives::screen::{look, say};
use q0_primitives::sys::{self, Action, taken};
use q0_primitives::{child, observe};

/// Collects four children that ended together, on a single SIGCHLD
///
/// See waitpid(2), signal(7).
#[derive(Parser)]
#[command(version)]
struct Options {
    #[command(flatten)]
    pause: Pause,
}

/// How the children end: with an exit status or by a signal.
const ENDS: [Result<u8, Signal>; 4] = [Ok(0), Ok(3), Err(Signal::SIGTERM), Err(Signal::SIGKILL)];

fn main() -> ExitCode {
    inherit_nothing();
    exit::report("reap", run(&Options::parse()))
}

fn run(options: &Options) -> anyhow::Result<u8> {
    sys::sigaction(Signal::SIGCHLD, Action::Count)?;
    let mask = SigSet::from(Signal::SIGCHLD);
    mask.thread_block()?;
    for end in ENDS {
        let Some(child) = child::fork()? else {
            child::live("reap", || end.or_else(|signal| Ok(raise(signal).map(|()| 0)?)))
        };
        observe::wait_for_state(child, 'Z')?;
    }
    say(format_args!("{} children have ended; SIGCHLD is blocked and pending", ENDS.len()))?;
    look(format_args!("ps -o pid,stat,comm --ppid {}", Pid::this()))?;
    options.pause.wait("unblock SIGCHLD and collect them")?;
    mask.thread_unblock()?;
    say(format_args!("SIGCHLD was taken {} time", taken(Signal::SIGCHLD)))?;
    // It does not queue, so one may stand for many: ask until nobody is left to collect.
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) | Err(Errno::ECHILD) => break,
            Ok(status) => say(child::describe(status))?,
            Err(errno) => return Err(errno.into()),
        }
    }
    say("no child is left, neither alive nor zombie")?;
    options.pause.wait("end")?;
    Ok(0)
}
