//! The catalogue: prints a data file, or makes one from a list of shows.
//!
//! It edits none: a table changes by reservations, or by a new file.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, ensure};
use clap::{Parser, Subcommand};
use common::booking::data_file;
use common::booking::shows;
use common::client::print;
use common::program::exit;
use common::program::signals::inherit_nothing;

/// Prints a data file, or makes one from a list of shows
#[derive(Parser)]
#[command(name = "catalogue", version)]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check a data file and print its shows
    Show {
        /// The data file, such as run/spectacles.dat
        file: PathBuf,
    },
    /// Make a data file; one that is there already is left alone
    Create {
        /// The list of shows (TOML)
        shows: PathBuf,
        /// The data file to make
        file: PathBuf,
    },
}

fn main() -> ExitCode {
    inherit_nothing();
    let done = match Options::parse().command {
        Command::Show { file } => show(&file),
        Command::Create { shows, file } => create(&shows, &file),
    };
    exit::report("catalogue", done.map(|()| 0))
}

fn show(file: &Path) -> anyhow::Result<()> {
    let table = data_file::read(file).with_context(|| format!("cannot use {}", file.display()))?;
    let mut out = io::stdout().lock();
    print::list(&mut out, &table.rows, print::columns())
        .and_then(|()| out.flush())
        .map_err(exit::Unprinted::Other)?;
    Ok(())
}

fn create(list: &Path, file: &Path) -> anyhow::Result<()> {
    let table = shows::load(list)?;
    let is_free = file.symlink_metadata().is_err();
    ensure!(is_free, "{} exists: a table changes by reservations only", file.display());
    data_file::create(file, &table)
}
