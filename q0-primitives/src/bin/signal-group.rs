//! One kill for many processes: a negative PID is a process group, 0 is the sender's own.

use std::process::ExitCode;

use clap::Parser;
use common::program::exit;
use common::program::signals::inherit_nothing;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpgrp};
use q0_primitives::child;
use q0_primitives::group::Group;
use q0_primitives::pause::Pause;
use q0_primitives::screen::{look, say};

/// Ends two groups of three children, one with kill(-N) and one with kill(0)
///
/// See kill(2), setpgid(2), credentials(7).
#[derive(Parser)]
#[command(version)]
struct Options {
    #[command(flatten)]
    pause: Pause,
}

fn main() -> ExitCode {
    inherit_nothing();
    exit::report("signal-group", run(&Options::parse()))
}

fn run(options: &Options) -> anyhow::Result<u8> {
    say(format_args!("this is process {} of group {}", Pid::this(), getpgrp()))?;
    for from_inside in [false, true] {
        let mut group = Group::start("signal-group")?;
        let id = group.id();
        say(format_args!("three children are group {id}; this process is not in it"))?;
        look(format_args!("ps -o pid,pgid,stat,comm --pid {0} --ppid {0}", Pid::this()))?;
        if from_inside {
            options.pause.wait("let one of the three send SIGUSR1 to 0, its own group")?;
            group.order()?;
        } else {
            options.pause.wait(&format!("send SIGTERM to -{id}"))?;
            kill(Pid::from_raw(-id.as_raw()), Signal::SIGTERM)?;
        }
        for status in group.wait()? {
            say(child::describe(status))?;
        }
    }
    say("this process got neither signal")?;
    Ok(0)
}
