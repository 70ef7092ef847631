//! The states of a process as ps shows them: R, S, T, Z.

use std::process::ExitCode;

use clap::Parser;
use common::program::exit;
use common::program::signals::inherit_nothing;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::pause;
use q0_primitives::pause::Pause;
use q0_primitives::screen::{look, say};
use q0_primitives::sys::{self, Action, taken};
use q0_primitives::{child, observe};

/// Leads a child through the states running, sleeping, stopped, zombie
///
/// See ps(1), proc_pid_stat(5), signal(7).
#[derive(Parser)]
#[command(version)]
struct Options {
    #[command(flatten)]
    pause: Pause,
}

fn main() -> ExitCode {
    inherit_nothing();
    exit::report("states", run(&Options::parse()))
}

/// Signals, and where they lead.
const STEPS: [(Signal, char, &str); 4] = [
    (Signal::SIGUSR1, 'S', "sleeping until an event, here a signal"),
    (Signal::SIGSTOP, 'T', "stopped: no CPU, whatever happens, until SIGCONT"),
    (Signal::SIGCONT, 'S', "sleeping again"),
    (Signal::SIGTERM, 'Z', "zombie: it has ended, and its parent has not asked how"),
];

fn run(options: &Options) -> anyhow::Result<u8> {
    sys::sigaction(Signal::SIGUSR1, Action::Count)?;
    let Some(child) = child::fork()? else {
        child::live("states", || {
            while taken(Signal::SIGUSR1) == 0 {}
            loop {
                pause();
            }
        })
    };
    look(format_args!("ps -o pid,ppid,stat,wchan:16,comm -p {child}"))?;
    observe::wait_for_state(child, 'R')?;
    say(format_args!("process {child} is in state R: it runs, or waits for a CPU to run on"))?;
    for (signal, state, meaning) in STEPS {
        options.pause.wait(&format!("send it {signal}"))?;
        kill(child, signal)?;
        observe::wait_for_state(child, state)?;
        say(format_args!("process {child} is in state {state}: {meaning}"))?;
    }
    options.pause.wait("wait for it")?;
    say(child::describe(waitpid(child, None)?))?;
    Ok(0)
}
