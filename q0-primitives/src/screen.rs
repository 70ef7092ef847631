//! What a program tells its user: what it does, and where else to look.

use std::fmt::Display;
use std::io::{self, Read, Write};

use anyhow::Context;
use common::program::exit::Unprinted;

/// Prints one line, at once and with one `write`, so that the lines of two processes never mix.
///
/// # Errors
/// If nobody reads standard output any more.
pub fn say(line: impl Display) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes())
        .and_then(|()| out.flush())
        .map_err(Unprinted::Other)?;
    Ok(())
}

/// Prints the command that shows from another terminal what is going on here.
///
/// # Errors
/// As [`say`].
pub fn look(command: impl Display) -> anyhow::Result<()> {
    say(format_args!("    from another terminal: {command}"))
}

/// Prints one line to standard error, with one `write`; for a program whose standard output belongs
/// to somebody else. Nothing depends on it, so it cannot fail.
pub fn remark(line: impl Display) {
    let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// Shows what comes out of a pipe, read by read, until every writer has closed it.
///
/// # Errors
/// As [`say`], and of read. See pipe(7).
pub fn show_all(mut reader: impl Read) -> anyhow::Result<()> {
    let pid = std::process::id();
    let mut bytes = [0; 4096];
    let mut total = 0;
    loop {
        let n = reader.read(&mut bytes).context("cannot read")?;
        if n == 0 {
            return say(format_args!("process {pid} read {total} bytes, then 0: end of file"));
        }
        total += n;
        let text = String::from_utf8_lossy(&bytes[..n]);
        let text = text.strip_suffix('\n').unwrap_or(&text);
        say(format_args!("process {pid} read {n} bytes: {text}"))?;
    }
}
