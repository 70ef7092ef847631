//! fork: one call, two returns; each process goes on with a copy of everything.

use std::io::{Read, pipe};
use std::process::ExitCode;

use clap::Parser;
use common::program::exit;
use common::program::signals::inherit_nothing;
use nix::sys::wait::waitpid;
use nix::unistd::{Pid, getppid};
use q0_primitives::child;
use q0_primitives::pause::Pause;
use q0_primitives::screen::{look, say};

/// Forks: parent and child change the same variable, each its own copy of it
///
/// See fork(2).
#[derive(Parser)]
#[command(version)]
struct Options {
    #[command(flatten)]
    pause: Pause,
}

fn main() -> ExitCode {
    inherit_nothing();
    exit::report("fork", run(&Options::parse()))
}

fn run(options: &Options) -> anyhow::Result<u8> {
    let mut value = 1;
    let (mut end, parent_lives) = pipe()?;
    say(format_args!("before:    process {}, value {value} at {:p}", Pid::this(), &value))?;
    say("after, in an order that nobody defines:")?;
    let Some(child) = child::fork()? else {
        child::live("fork", || {
            // The parent's end of the pipe was copied too; only when all are closed does read end.
            drop(parent_lives);
            value += 10;
            let pid = Pid::this();
            let parent = getppid();
            say(format_args!(
                "in child:  process {pid}, value {value} at {:p}, child of {parent}, fork gave 0",
                &value
            ))?;
            end.read_to_end(&mut Vec::new())?;
            Ok(0)
        })
    };
    value += 100;
    let pid = Pid::this();
    say(format_args!(
        "in parent: process {pid}, value {value} at {:p}, fork gave {child}",
        &value
    ))?;
    look(format_args!("ps -o pid,ppid,stat,comm --pid {pid} --ppid {pid}"))?;
    options.pause.wait("let both end")?;
    drop(parent_lives);
    say(child::describe(waitpid(child, None)?))?;
    Ok(0)
}
