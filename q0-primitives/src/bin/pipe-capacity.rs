//! What a pipe holds, and what happens to a writer that finds it full, and to one without a reader.

use std::io::{Read, Write, pipe};
use std::process::ExitCode;

use clap::Parser;
use common::program::exit;
use common::program::signals::inherit_nothing;
use libc::PIPE_BUF;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::Signal;
use nix::sys::wait::waitpid;
use nix::unistd::write;
use q0_primitives::pause::Pause;
use q0_primitives::screen::{look, say};
use q0_primitives::{child, default_action, observe};

/// Fills a pipe, blocks on it, empties it to the end of file, and breaks it. See pipe(7), F_GETPIPE_SZ(2const).
#[derive(Parser)]
#[command(version)]
struct Options {
    #[command(flatten)]
    pause: Pause,
}

fn main() -> ExitCode {
    inherit_nothing();
    exit::report("pipe-capacity", run(&Options::parse()))
}

fn run(options: &Options) -> anyhow::Result<u8> {
    let (mut reader, mut writer) = pipe()?;
    fcntl(&writer, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    let filled = std::iter::from_fn(|| write(&writer, b"x").ok()).count();
    let size = fcntl(&writer, FcntlArg::F_GETPIPE_SZ)?;
    say(format_args!("{filled} bytes filled the pipe; F_GETPIPE_SZ gives {size}"))?;
    reader.read_exact(&mut vec![0; filled])?;
    writer.write_all(&vec![0; filled - (PIPE_BUF - 1)])?;
    say(format_args!("now {} bytes are free, PIPE_BUF is {PIPE_BUF}", PIPE_BUF - 1))?;
    for len in [PIPE_BUF, 5000] {
        // All or nothing up to PIPE_BUF; above, a part.
        say(format_args!("a write of {len} bytes gives {:?}", write(&writer, &vec![0; len])))?;
    }
    fcntl(&writer, FcntlArg::F_SETFL(OFlag::empty()))?;
    let Some(child) = child::fork()? else {
        child::live("pipe-capacity", || Ok(writer.write_all(&[0; PIPE_BUF]).map(|()| 0)?))
    };
    drop(writer);
    observe::wait_for_state(child, 'S')?;
    say(format_args!("without O_NONBLOCK child {child} sleeps in write: the pipe is full"))?;
    look(format_args!("ps -o pid,stat,wchan:20,comm -p {child}"))?;
    options.pause.wait("read to the end")?;
    let total = reader.read_to_end(&mut Vec::new())?;
    say(format_args!("{}; {total} bytes read, then 0", child::describe(waitpid(child, None)?)))?;
    let (reader, writer) = pipe()?;
    drop(reader);
    // Rust ignores SIGPIPE, so that write can fail. By default the signal ends the writer.
    say(format_args!("a write without a reader gives {:?}", write(&writer, b"x")))?;
    say(child::describe(default_action::end_by(Signal::SIGPIPE, None)?))?;
    Ok(0)
}
