//! How the program `hostile` is called.

use std::path::PathBuf;

use clap::Parser;

use crate::attack::{Attack, Hostile};
use crate::stage::Stage;

/// A client that means harm
#[derive(Debug, Parser)]
pub struct Options {
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

impl Options {
    /// Attacks, says so, and waits to be killed.
    ///
    /// # Errors
    /// If the server is gone, or there is no such stage.
    pub fn attack(&self) -> anyhow::Result<()> {
        let stage = Stage::named(&self.stage)?;
        Hostile::new(stage, &self.dir, self.seed).attack(self.attack, self.count)
    }
}
