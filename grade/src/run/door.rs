//! The program `wire-door`, which must stand beside this one, as new as this one.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};

use crate::items::Item;
use crate::launch::behind::PROGRAM;
use crate::options::Door;

/// Sees to it that the items of the wire door can be asked.
///
/// Who starts the grader by `cargo run` has cargo build the program, too: another call does not, and
/// an old one would judge by old rules.
///
/// # Errors
/// If it is not there, or cannot be built.
pub fn prepare(wanted: &[&Item]) -> anyhow::Result<()> {
    if wanted.iter().all(|item| item.door != Door::Wire) {
        return Ok(());
    }
    let program = env::current_exe().context("cannot find myself")?.with_file_name(PROGRAM);
    let is_release = program.parent().is_some_and(|folder| folder.ends_with("release"));
    let mut words = vec!["build", "--quiet", "--package", "tests", "--bin", PROGRAM];
    words.extend(is_release.then_some("--release"));
    if let (Some(cargo), Some(package)) = (env::var_os("CARGO"), env::var_os("CARGO_MANIFEST_DIR"))
    {
        let workspace = PathBuf::from(package).join("..");
        let mut command = Command::new(cargo);
        command.args(&words).current_dir(workspace).stdin(Stdio::null());
        let status = command.status().context("cannot start cargo")?;
        ensure!(status.success(), "cargo {}: {status}", words.join(" "));
    }
    if !program.exists() {
        bail!("cannot find {}: cargo {}", program.display(), words.join(" "));
    }
    Ok(())
}
