//! An orphan: its parent has ended before it, and the kernel gives it another.

use std::io::{Read, pipe};
use std::process::ExitCode;

use clap::Parser;
use common::program::exit;
use common::program::signals::inherit_nothing;
use nix::sys::prctl::set_child_subreaper;
use nix::sys::wait::waitpid;
use nix::unistd::{Pid, getppid};
use q0_primitives::pause::Pause;
use q0_primitives::screen::{look, say};
use q0_primitives::{child, observe, sys};

/// Makes a grandchild whose parent ends, and shows who adopts it. See fork(2), exit(3), PR_SET_CHILD_SUBREAPER(2const).
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Adopt the orphan, as a service manager does; else PID 1 does, or a service manager
    #[arg(long)]
    subreaper: bool,
    #[command(flatten)]
    pause: Pause,
}

fn main() -> ExitCode {
    inherit_nothing();
    exit::report("orphan", run(&Options::parse()))
}

fn run(options: &Options) -> anyhow::Result<u8> {
    set_child_subreaper(options.subreaper)?;
    let (mut end, lives) = pipe()?;
    let (mut news, mut teller) = pipe()?;
    let Some(parent) = child::fork()? else {
        // The orphan's parent forks, and ends without waiting.
        child::live("orphan", || match sys::fork()? {
            Some(_) => Ok(0),
            None => child::live("orphan", || {
                drop(lives);
                child::send_pid(&mut teller)?;
                end.read_to_end(&mut Vec::new())?;
                say(format_args!("orphan {} ends; getppid gives {}", Pid::this(), getppid()))?;
                Ok(0)
            }),
        })
    };
    drop(teller);
    let orphan = child::receive_pid(&mut news)?;
    // When the parent can be collected, its children have already been given away.
    say(format_args!("{} and left child {orphan}", child::describe(waitpid(parent, None)?)))?;
    say(format_args!("the parent of {orphan} is now {}", observe::parent(orphan)?))?;
    look(format_args!("ps -o pid,ppid,stat,comm -p $(ps -o pid=,ppid= -p {orphan})"))?;
    options.pause.wait("let the orphan end")?;
    drop(lives);
    news.read_to_end(&mut Vec::new())?;
    if options.subreaper {
        say(format_args!("{}: collected here", child::describe(waitpid(orphan, None)?)))?;
    }
    Ok(0)
}
