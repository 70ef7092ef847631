//! An alarm is a signal from the clock; default actions end a process, some with a core file.

use std::fs;
use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, value_parser};
use common::program::exit;
use common::program::signals::inherit_nothing;
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use nix::unistd::{Pid, alarm};
use q0_primitives::child::describe;
use q0_primitives::default_action::end_by;
use q0_primitives::screen::{look, say};
use q0_primitives::sys::{self, Action, taken};

/// Handles an alarm, then has children end by the default actions of four signals.
/// See alarm(2), sigsuspend(2), signal(7), core(5).
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Let the alarm ring after N seconds
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u32).range(1..))]
    seconds: u32,
    /// Allow SIGQUIT its core file, in a directory that is then removed
    #[arg(long)]
    core: bool,
}

fn main() -> ExitCode {
    inherit_nothing();
    exit::report("signal-alarm", run(&Options::parse()))
}

fn run(options: &Options) -> anyhow::Result<u8> {
    let pid = Pid::this();
    let start = Instant::now();
    sys::sigaction(Signal::SIGALRM, Action::Count)?;
    let mut mask = SigSet::from(Signal::SIGALRM).thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
    mask.remove(Signal::SIGALRM);
    alarm::set(options.seconds);
    say(format_args!("process {pid} sleeps until its alarm rings, in {} s", options.seconds))?;
    look(format_args!("ps -o pid,stat,wchan:16,comm -p {pid}; kill -ALRM {pid}"))?;
    while taken(Signal::SIGALRM) == 0 {
        // Unblocks and sleeps in one step: an alarm between the two would be slept through.
        mask.suspend()?;
    }
    say(format_args!("SIGALRM after {:.1} s: its handler ran", start.elapsed().as_secs_f64()))?;
    say("four children take the default action instead:")?;
    for signal in [Signal::SIGALRM, Signal::SIGUSR1, Signal::SIGUSR2] {
        say(describe(end_by(signal, None)?))?;
    }
    let directory = tempfile::tempdir()?;
    say(describe(end_by(Signal::SIGQUIT, options.core.then_some(directory.path()))?))?;
    if !options.core {
        say("SIGQUIT asks for a core file; RLIMIT_CORE was 0, so there is none (try --core)")?;
    }
    for entry in fs::read_dir(directory.path())? {
        let len = entry?.metadata()?.len();
        say(format_args!("its core file has {len} bytes and is removed now"))?;
    }
    Ok(0)
}
