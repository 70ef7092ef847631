//! Becoming another program: the same process and PID, but new code, data and stack.

use std::env;
use std::ffi::{CString, OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;

use anyhow::Context;
use common::program::exit;
use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::unistd;

use crate::signals;

/// The shell's status for a command that is not there.
pub const NOT_FOUND: u8 = 127;
/// The shell's status for a command that is there but cannot be executed.
const NOT_EXECUTABLE: u8 = 126;

/// Becomes the program with the name `arguments[0]`, looked up in $PATH. Returns only if that
/// fails, with the shell's status, after `caller` has said why.
///
/// # Errors
/// If there is no name, or a NUL in an argument. See execvp(3).
pub fn execvp(caller: &str, arguments: &[impl AsRef<OsStr>]) -> anyhow::Result<u8> {
    reset_sigpipe()?;
    let name = arguments.first().context("cannot execute an empty command")?.as_ref();
    let strings: Result<Vec<CString>, _> =
        arguments.iter().map(|argument| CString::new(argument.as_ref().as_bytes())).collect();
    let strings = strings.context("cannot pass a NUL to a program")?;
    let Err(errno) = unistd::execvp(&strings[0], &strings);
    let error = anyhow::Error::new(io::Error::from(errno));
    exit::report(caller, Err(error.context(format!("cannot execute {}", name.display()))));
    Ok(if errno == Errno::ENOENT { NOT_FOUND } else { NOT_EXECUTABLE })
}

/// Becomes the program in an open file, which need not have a name any more.
///
/// # Errors
/// EACCES if the file may not be executed, ENOEXEC if it is no program. See fexecve(3).
pub fn fexecve(file: &File, name: &OsStr) -> anyhow::Result<u8> {
    reset_sigpipe()?;
    let variables: Result<Vec<CString>, _> = env::vars_os()
        .map(|(key, value)| CString::new([key.as_bytes(), b"=", value.as_bytes()].concat()))
        .collect();
    let Err(errno) = unistd::fexecve(file, &[CString::new(name.as_bytes())?], &variables?);
    Err(io::Error::from(errno)).with_context(|| format!("cannot execute {}", name.display()))
}

/// Rust ignores SIGPIPE, and execve keeps what is ignored: a `grep` that nobody reads any more
/// would not end.
fn reset_sigpipe() -> anyhow::Result<()> {
    signals::reset(&[Signal::SIGPIPE])
}

/// The command in an environment variable, or `default`; split at blanks, because there is no shell
/// to do it. See environ(7).
pub fn command(variable: &str, default: &str) -> Vec<OsString> {
    let value = env::var(variable).unwrap_or_default();
    let command = if value.trim().is_empty() { default } else { &value };
    command.split_whitespace().map(OsString::from).collect()
}
