//! pipe: bytes from one relative to another, in order, until every writer has closed.

use std::io::{self, PipeReader, PipeWriter, pipe};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use common::program::exit;
use common::program::signals::inherit_nothing;
use nix::sys::wait::waitpid;
use nix::unistd::Pid;
use q0_primitives::child;
use q0_primitives::screen::{look, say, show_all};

/// One process reads the keyboard, the other shows what was typed; end of file (Ctrl-D) ends it
///
/// See pipe(2), pipe(7).
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Who reads the keyboard
    #[arg(long, value_enum)]
    from: From,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum From {
    Parent,
    Child,
}

fn main() -> ExitCode {
    inherit_nothing();
    exit::report("pipe", run(&Options::parse()))
}

fn run(options: &Options) -> anyhow::Result<u8> {
    let (reader, writer) = pipe()?;
    look(format_args!("ps -o pid,ppid,stat,comm --pid {0} --ppid {0}", Pid::this()))?;
    let Some(child) = child::fork()? else {
        child::live("pipe", || talk(options.from == From::Child, reader, writer))
    };
    talk(options.from == From::Parent, reader, writer)?;
    Ok(child::shell_status(waitpid(child, None)?))
}

/// fork has copied both ends into both processes; each keeps the one that it uses.
fn talk(at_keyboard: bool, reader: PipeReader, mut writer: PipeWriter) -> anyhow::Result<u8> {
    if at_keyboard {
        // A writer that keeps a reading end never learns that its reader has gone.
        drop(reader);
        say(format_args!("process {} reads the keyboard: type lines, Ctrl-D to end", Pid::this()))?;
        match io::copy(&mut io::stdin(), &mut writer) {
            // The reader has ended before its input: how, it says itself.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            copied => drop(copied?),
        }
    } else {
        // A reader that keeps a writing end never comes to the end of file.
        drop(writer);
        show_all(reader)?;
    }
    Ok(0)
}
