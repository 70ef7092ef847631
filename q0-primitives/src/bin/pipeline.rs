//! A pipeline as a shell makes it: grep PATTERN FILE | sort -uf | wc -l.

use std::ffi::{OsStr, OsString};
use std::io::{PipeReader, PipeWriter, pipe};
use std::process::ExitCode;

use clap::Parser;
use common::program::exit;
use common::program::signals::inherit_nothing;
use nix::sys::wait::waitpid;
use nix::unistd::{Pid, dup2_stdin, dup2_stdout};
use q0_primitives::screen::remark;
use q0_primitives::{child, program};

/// Counts the different lines of FILE that match PATTERN: grep PATTERN FILE | sort -uf | wc -l.
/// See dup2(2), pipe(2), execvp(3), wait(2).
#[derive(Parser)]
#[command(version)]
struct Options {
    /// The regular expression; it may start with a hyphen
    #[arg(allow_hyphen_values = true)]
    pattern: OsString,
    /// The file; - is standard input
    #[arg(allow_hyphen_values = true)]
    file: OsString,
}

fn main() -> ExitCode {
    inherit_nothing();
    exit::report("pipeline", run(&Options::parse()))
}

fn run(options: &Options) -> anyhow::Result<u8> {
    // Standard output belongs to wc.
    remark(format_args!("from another terminal: ps -o pid,ppid,args --ppid {}", Pid::this()));
    let [grep, e, end] = ["grep", "-e", "--"].map(OsStr::new);
    let (from_grep, to_sort) = pipe()?;
    let grep = start(&[grep, e, &options.pattern, end, &options.file], None, Some(to_sort))?;
    let (from_sort, to_wc) = pipe()?;
    let sort = start(&["sort", "-uf"].map(OsStr::new), Some(from_grep), Some(to_wc))?;
    let wc = start(&["wc", "-l"].map(OsStr::new), Some(from_sort), None)?;
    waitpid(grep, None)?;
    waitpid(sort, None)?;
    Ok(child::shell_status(waitpid(wc, None)?))
}

/// Starts a command between two pipes. Our copies of their ends close as this returns, its other
/// copies as it is executed (O_CLOEXEC): with a writing end left open, its reader waits for ever.
fn start(
    command: &[&OsStr],
    input: Option<PipeReader>,
    output: Option<PipeWriter>,
) -> anyhow::Result<Pid> {
    let Some(child) = child::fork()? else {
        child::live("pipeline", || {
            input.map_or(Ok(()), dup2_stdin)?;
            output.map_or(Ok(()), dup2_stdout)?;
            program::execvp("pipeline", command)
        })
    };
    Ok(child)
}
