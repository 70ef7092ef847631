//! A zombie: a child that has ended while its parent has not asked how.

use std::process::ExitCode;

use clap::Parser;
use common::program::exit;
use common::program::signals::inherit_nothing;
use nix::sys::wait::waitpid;
use nix::unistd::Pid;
use q0_primitives::pause::Pause;
use q0_primitives::screen::{look, say};
use q0_primitives::{child, observe};

/// Leaves a child that has ended uncollected, then waits for it
///
/// See wait(2).
#[derive(Parser)]
#[command(version)]
struct Options {
    #[command(flatten)]
    pause: Pause,
}

fn main() -> ExitCode {
    // Where SIGCHLD is ignored, which is inherited too, no child ever becomes a zombie.
    inherit_nothing();
    exit::report("zombie", run(&Options::parse()))
}

fn run(options: &Options) -> anyhow::Result<u8> {
    let Some(child) = child::fork()? else { child::live("zombie", || Ok(3)) };
    observe::wait_for_state(child, 'Z')?;
    say(format_args!("child {child} of process {} has ended and is a zombie", Pid::this()))?;
    say("its memory and files are gone; its PID and its exit status are kept for its parent")?;
    look(format_args!("ps -o pid,ppid,stat,comm -p {child}; kill -KILL {child}   # does nothing"))?;
    options.pause.wait("wait for it")?;
    say(format_args!("{}; now its PID is free", child::describe(waitpid(child, None)?)))?;
    options.pause.wait("end")?;
    Ok(0)
}
