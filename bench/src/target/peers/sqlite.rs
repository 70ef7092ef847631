//! SQLite: a library in the client's own process, which a Python script calls; no server, no network.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};

/// The script; its first word is what to do.
const SCRIPT: &str = include_str!("../../../peers/sqlite.py");

/// Python, told to do one thing in `dir`.
pub fn command(python: &Path, dir: &Path, what: &str) -> Command {
    let mut command = Command::new(python);
    command.args(["-c", SCRIPT, what]).arg(dir);
    command
}

/// Makes the database.
///
/// # Errors
/// If it cannot.
pub fn create(python: &Path, dir: &Path) -> anyhow::Result<()> {
    said(python, dir, "create").map(drop)
}

/// What it says of itself: its version, and the settings that make it durable.
///
/// # Errors
/// If it cannot.
pub fn describe(python: &Path, dir: &Path) -> anyhow::Result<(String, String)> {
    let said = said(python, dir, "describe")?;
    let (version, settings) = said.split_once('\n').context("SQLite says no settings")?;
    Ok((version.to_owned(), settings.to_owned()))
}

/// The seats that all shows have left.
///
/// # Errors
/// If it cannot be asked.
pub fn seats_left(python: &Path, dir: &Path) -> anyhow::Result<i64> {
    said(python, dir, "left")?.parse().context("SQLite says no number")
}

/// Whether Python is there, and has the library.
pub fn is_there(python: &Path) -> bool {
    let output = Command::new(python).args(["-c", "import sqlite3"]).output();
    output.is_ok_and(|output| output.status.success())
}

fn said(python: &Path, dir: &Path, what: &str) -> anyhow::Result<String> {
    let output = command(python, dir, what).output().context("cannot start Python")?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "SQLite cannot {what}: {}", error.trim_end());
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}
