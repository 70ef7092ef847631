//! The receiving end of a FIFO: bytes from a process that is no relative.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, value_parser};
use common::program::exit;
use common::program::signals::inherit_nothing;
use nix::fcntl::OFlag;
use q0_primitives::fifo::Fifo;
use q0_primitives::screen::{look, say, show_all};

/// Shows what comes through a FIFO, until the last sender closes it
///
/// See fifo(7), mkfifo(3).
#[derive(Parser)]
#[command(version)]
struct Options {
    /// The FIFO; made if it is not there
    fifo: PathBuf,
    /// Wait N seconds at most for a sender
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = value_parser!(u32).range(1..))]
    seconds: u32,
}

fn main() -> ExitCode {
    inherit_nothing();
    exit::report("fifo-receive", run(&Options::parse()))
}

fn run(options: &Options) -> anyhow::Result<u8> {
    let path = options.fifo.display();
    let fifo = Fifo::make(&options.fifo)?;
    say(format_args!("open sleeps until somebody opens {path} for writing"))?;
    look(format_args!("ls -l {path}; cargo run -qp q0-primitives --bin fifo-send {path}"))?;
    show_all(fifo.open(OFlag::O_RDONLY, options.seconds)?)?;
    Ok(0)
}
