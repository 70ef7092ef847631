//! The C compiler, for what is measured with or against a piece of C.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use harness::c;

/// Whether this machine has one; says on stderr what is not measured if it has none.
pub fn is_there(what: &str) -> bool {
    let is_there = c::is_there("cc");
    if !is_there {
        eprintln!("bench: {what}: there is no cc, a C compiler");
    }
    is_there
}

/// Compiles a source file of this workspace, named from its root.
///
/// # Errors
/// If it does not compile; quotes the compiler.
pub fn compile(source: &str, options: &[&str], program: &Path) -> anyhow::Result<()> {
    let output = Command::new("cc")
        .args(c::WARNINGS)
        .args(["-std=c11", "-O2"])
        .args(options)
        .arg("-o")
        .arg(program)
        .arg(c::root().join(source))
        .output()
        .context("cannot start cc")?;
    let text = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "cannot compile {source}: {text}");
    Ok(())
}
