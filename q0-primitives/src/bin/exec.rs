//! exec: the same process goes on as another program.

use std::fs;
use std::io::{self, Seek};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use common::program::exit;
use common::program::signals::inherit_nothing;
use nix::sys::wait::waitpid;
use nix::unistd::{Pid, dup2_stdin};
use q0_primitives::compile::compile;
use q0_primitives::pause::Pause;
use q0_primitives::screen::{look, say};
use q0_primitives::{child, program};

/// Compiles a C file and becomes the result; or shows the errors ($PAGER) and becomes the editor
/// ($EDITOR). See execve(2), fexecve(3), dup(2)
#[derive(Parser)]
#[command(version)]
struct Options {
    /// The C source file
    file: PathBuf,
    #[command(flatten)]
    pause: Pause,
}

fn main() -> ExitCode {
    inherit_nothing();
    exit::report("exec", run(&Options::parse()))
}

fn run(options: &Options) -> anyhow::Result<u8> {
    let pid = Pid::this();
    let file = options.file.display();
    // With its whole path, a name like -x.c is no option of cc.
    let source = fs::canonicalize(&options.file).with_context(|| format!("cannot open {file}"))?;
    let mut messages = tempfile::tempfile().context("cannot make a temporary file")?;
    look(format_args!("ps -o pid,ppid,stat,args --pid {pid} --ppid {pid}"))?;
    let compiled = compile(&source, &messages)?;
    messages.rewind()?;
    if let Some(compiled) = compiled {
        io::copy(&mut messages, &mut io::stderr())?;
        say(format_args!("process {pid} now becomes the program made of {file}"))?;
        return program::fexecve(&compiled, source.file_stem().unwrap_or_default());
    }
    let Some(reader) = child::fork()? else {
        child::live("exec", || {
            dup2_stdin(&messages)?;
            program::execvp("exec", &program::command("PAGER", "more"))
        })
    };
    waitpid(reader, None)?;
    if !options.pause.wait(&format!("have process {pid} become the editor"))? {
        return Ok(exit::REFUSED);
    }
    let mut editor = program::command("EDITOR", "vi");
    editor.push(source.into());
    program::execvp("exec", &editor)
}
