//! A blocked signal is pending until it is unblocked; standard signals do not queue.

use std::process::ExitCode;

use clap::Parser;
use common::program::exit;
use common::program::signals::inherit_nothing;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::Pid;
use q0_primitives::pause::Pause;
use q0_primitives::screen::{look, say};
use q0_primitives::sys::{self, Action, sigpending, taken};

/// Blocks SIGUSR1, sends it three times, unblocks it: the handler runs once
///
/// See sigprocmask(2), sigpending(2), signal(7).
#[derive(Parser)]
#[command(version)]
struct Options {
    #[command(flatten)]
    pause: Pause,
}

const SENT: usize = 3;

fn main() -> ExitCode {
    inherit_nothing();
    exit::report("signal-mask", run(&Options::parse()))
}

fn run(options: &Options) -> anyhow::Result<u8> {
    let pid = Pid::this();
    let signal = Signal::SIGUSR1;
    let mask = SigSet::from(signal);
    mask.thread_block()?;
    sys::sigaction(signal, Action::Count)?;
    for _ in 0..SENT {
        kill(pid, signal)?;
    }
    let pending = if sigpending()?.contains(signal) { "pending" } else { "not pending" };
    say(format_args!("process {pid} blocks {signal} and has sent it to itself {SENT} times"))?;
    say(format_args!("{signal} is {pending}, and its handler has run {} times", taken(signal)))?;
    look(format_args!("grep -E 'ShdPnd|SigBlk|SigCgt' /proc/{pid}/status   # SIGUSR1 is 0x200"))?;
    options.pause.wait("unblock it")?;
    // It is delivered before the call returns.
    mask.thread_unblock()?;
    let pending = if sigpending()?.contains(signal) { "pending" } else { "not pending" };
    say(format_args!(
        "unblocked: {signal} is {pending}, its handler has run {} time",
        taken(signal)
    ))?;
    say("one bit per signal says that it is pending, not how often it was sent")?;
    Ok(0)
}
