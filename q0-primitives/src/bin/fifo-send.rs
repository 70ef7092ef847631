//! The sending end of a FIFO: what is written is there at once, what is buffered is not.

use std::io::{BufRead, BufWriter, Write, stdin};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, value_parser};
use common::program::exit;
use common::program::signals::inherit_nothing;
use nix::fcntl::OFlag;
use q0_primitives::fifo::Fifo;
use q0_primitives::screen::{look, say};

/// Sends the lines that are typed through a FIFO, until end of file (Ctrl-D)
///
/// See fifo(7), mkfifo(3), setbuf(3).
#[derive(Parser)]
#[command(version)]
struct Options {
    /// The FIFO; made if it is not there
    fifo: PathBuf,
    /// Collect what is typed in a buffer of 8 KiB, as most libraries do for files
    #[arg(long)]
    buffered: bool,
    /// Wait N seconds at most for a receiver
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = value_parser!(u32).range(1..))]
    seconds: u32,
}

fn main() -> ExitCode {
    inherit_nothing();
    exit::report("fifo-send", run(&Options::parse()))
}

fn run(options: &Options) -> anyhow::Result<u8> {
    let path = options.fifo.display();
    let fifo = Fifo::make(&options.fifo)?;
    say(format_args!("open sleeps until somebody opens {path} for reading"))?;
    look(format_args!("ls -l {path}; cargo run -qp q0-primitives --bin fifo-receive {path}"))?;
    let file = fifo.open(OFlag::O_WRONLY, options.seconds)?;
    let mut out = BufWriter::with_capacity(if options.buffered { 8192 } else { 0 }, file);
    say("it is open: type lines, Ctrl-D to end")?;
    let mut keyboard = stdin().lock();
    let mut line = Vec::new();
    while keyboard.read_until(b'\n', &mut line).context("cannot read standard input")? > 0 {
        out.write_all(&line).with_context(|| format!("cannot write to {path}"))?;
        let typed = line.len();
        let kept = out.buffer().len();
        say(format_args!("{typed} bytes typed; {kept} bytes are in this process's buffer"))?;
        line.clear();
    }
    let kept = out.buffer().len();
    out.flush().with_context(|| format!("cannot write to {path}"))?;
    say(format_args!("flushed {kept} bytes"))?;
    Ok(0)
}
