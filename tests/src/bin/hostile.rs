//! A client that means harm: it attacks, says so, and waits to be killed.

use std::path::PathBuf;

use anyhow::bail;
use clap::Parser;
use common::program::signals::inherit_nothing;
use harness::attack::{Attack, Hostile};
use harness::stage::{ALL, Stage};

/// A client that means harm
#[derive(Parser)]
struct Options {
    /// The stage's package
    stage: String,
    /// The server's directory
    dir: PathBuf,
    /// What to do
    attack: Attack,
    /// How often
    count: u64,
    /// What random choices begin with
    seed: u64,
}

fn main() -> anyhow::Result<()> {
    inherit_nothing();
    let options = Options::parse();
    let stage: Option<Stage> = ALL.into_iter().find(|stage| stage.package() == options.stage);
    let Some(stage) = stage else { bail!("no stage is named {}", options.stage) };
    Hostile::new(stage, &options.dir, options.seed).attack(options.attack, options.count)
}
