//! Signal 0: does a process exist?

use std::process::ExitCode;

use clap::{Parser, value_parser};
use common::program::exit;
use common::program::process;
use common::program::signals::inherit_nothing;
use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use q0_primitives::screen::{look, say};

/// Asks whether a process exists by sending it signal 0, which does nothing but the checks
///
/// Exit status: 0 it exists, 1 it does not. See kill(2).
#[derive(Parser)]
#[command(version)]
struct Options {
    /// The process; 0, -1 and -N would be groups, see signal-group
    #[arg(value_parser = value_parser!(i32).range(1..))]
    pid: i32,
}

fn main() -> ExitCode {
    inherit_nothing();
    exit::report("signal-probe", run(&Options::parse()))
}

fn run(options: &Options) -> anyhow::Result<u8> {
    let pid = options.pid;
    let exists = match kill(Pid::from_raw(pid), None) {
        Ok(()) => {
            say(format_args!("kill({pid}, 0) = 0: process {pid} exists"))?;
            true
        }
        Err(Errno::EPERM) => {
            say(format_args!("kill({pid}, 0) = EPERM: process {pid} exists but is not ours"))?;
            true
        }
        Err(Errno::ESRCH) => {
            say(format_args!("kill({pid}, 0) = ESRCH: process {pid} does not exist"))?;
            false
        }
        Err(errno) => return Err(std::io::Error::from(errno).into()),
    };
    if process::state(pid) == Some('Z') {
        // Its PID stays taken until its parent waits for it, so kill finds it.
        say("but it is a zombie: it has ended, and signals do nothing to it any more")?;
    }
    look(format_args!("ps -o pid,user,stat,comm -p {pid}"))?;
    Ok(if exists { 0 } else { exit::REFUSED })
}
