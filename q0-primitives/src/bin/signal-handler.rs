//! A handler runs in the middle of the program, does as little as possible, and the program goes
//! on.

use std::process::ExitCode;

use clap::Parser;
use common::program::exit;
use common::program::signals::inherit_nothing;
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::Pid;
use q0_primitives::pause::Pause;
use q0_primitives::screen::{look, say};
use q0_primitives::signals;
use q0_primitives::sys::{self, Action, taken};

/// Counts SIGUSR1 and SIGUSR2 in a handler, then restores their default, which ends the program
///
/// See sigaction(2), signal-safety(7).
#[derive(Parser)]
#[command(version)]
struct Options {
    #[command(flatten)]
    pause: Pause,
}

/// The two signals to which the system gives no meaning.
const SIGNALS: [Signal; 2] = [Signal::SIGUSR1, Signal::SIGUSR2];

fn main() -> ExitCode {
    inherit_nothing();
    exit::report("signal-handler", run(&Options::parse()))
}

fn run(options: &Options) -> anyhow::Result<u8> {
    let pid = Pid::this();
    // Blocked but for the sleep itself: none is taken between a look at the counts and the sleep.
    SigSet::from_iter(SIGNALS).thread_block()?;
    for signal in SIGNALS {
        sys::sigaction(signal, Action::Count)?;
    }
    say(format_args!("process {pid} has a handler for SIGUSR1 and SIGUSR2"))?;
    look(format_args!(
        "kill -USR1 {pid}; kill -USR2 {pid}; grep SigCgt /proc/{pid}/status   # 0xa00"
    ))?;
    let mut told = [0, 0];
    // The handler only counts. Printing is done here, where no half-done work is interrupted.
    options.pause.wait_for_signals("restore the defaults", || {
        for (signal, told) in SIGNALS.into_iter().zip(&mut told) {
            if taken(signal) > *told {
                *told = taken(signal);
                say(format_args!("handled {signal}: {told} so far"))?;
            }
        }
        Ok(())
    })?;
    signals::reset(&SIGNALS)?;
    say("both have their default action again: the next one ends this program")?;
    look(format_args!("kill -USR1 {pid}"))?;
    options.pause.wait("end without one")?;
    Ok(0)
}
