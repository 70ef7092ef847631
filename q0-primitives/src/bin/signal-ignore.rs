//! A signal that is ignored does nothing, and leaves nothing pending.

use std::process::ExitCode;

use clap::Parser;
use common::program::exit;
use common::program::signals::inherit_nothing;
use nix::sys::signal::{Signal, raise};
use nix::unistd::Pid;
use q0_primitives::pause::Pause;
use q0_primitives::screen::{look, say};
use q0_primitives::signals;
use q0_primitives::sys::{self, Action};

/// Ignores SIGINT (Ctrl-C), then restores its default, which ends the program
///
/// See signal(7), sigaction(2).
#[derive(Parser)]
#[command(version)]
struct Options {
    #[command(flatten)]
    pause: Pause,
}

fn main() -> ExitCode {
    inherit_nothing();
    exit::report("signal-ignore", run(&Options::parse()))
}

fn run(options: &Options) -> anyhow::Result<u8> {
    let pid = Pid::this();
    for signal in [Signal::SIGKILL, Signal::SIGSTOP] {
        if let Err(error) = sys::sigaction(signal, Action::Ignore) {
            say(format_args!("{signal} cannot be ignored: {}", exit::plain(&error)))?;
        }
    }
    signals::reset(&[Signal::SIGINT])?;
    sys::sigaction(Signal::SIGINT, Action::Ignore)?;
    raise(Signal::SIGINT)?;
    say(format_args!(
        "process {pid} ignores SIGINT, has just sent it to itself, and is still here"
    ))?;
    say("try Ctrl-C")?;
    look(format_args!("kill -INT {pid}; grep SigIgn /proc/{pid}/status   # SIGINT is 0x2"))?;
    options.pause.wait("restore the default")?;
    signals::reset(&[Signal::SIGINT])?;
    say("SIGINT has its default action again: Ctrl-C ends this program")?;
    options.pause.wait("end without it")?;
    Ok(0)
}
