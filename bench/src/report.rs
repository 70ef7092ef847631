//! What a run leaves: the table on the terminal, and three files.

use crate::options::Options;
use crate::{bars, run, table};
use anyhow::Context;
use std::fs;

/// Measures, prints and writes.
///
/// # Errors
/// If it cannot.
pub fn run(options: &Options) -> anyhow::Result<u8> {
    let results = run::run(options)?;
    let json = serde_json::to_string_pretty(&results).context("cannot write JSON")?;
    fs::write(options.out.join("results.json"), json).context("cannot write results.json")?;
    print!("{}", table::of(&results));
    let _ = bars::short(&results.bars);
    Ok(0)
}
