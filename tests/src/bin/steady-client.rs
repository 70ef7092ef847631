//! A client that does nothing but ask: for every number that it reads, so many VIEWs.

use std::io::{Write, stdin, stdout};
use std::path::PathBuf;

use anyhow::bail;
use clap::Parser;
use common::client::ask::Ask;
use common::program::signals::inherit_nothing;
use harness::client::{CLIENT_TIMEOUT, Client};
use harness::stage::{ALL, Stage};

/// A client that does nothing but ask
#[derive(Parser)]
struct Options {
    /// The stage's package
    stage: String,
    /// The server's directory
    dir: PathBuf,
}

fn main() -> anyhow::Result<()> {
    inherit_nothing();
    let Options { stage, dir } = Options::parse();
    let stage: Option<Stage> = ALL.into_iter().find(|other| other.package() == stage);
    let Some(stage) = stage else { bail!("no such stage") };
    let mut client = Client::open(stage, &dir, CLIENT_TIMEOUT)?;
    for line in stdin().lines() {
        for _ in 0..line?.parse::<u64>()? {
            client.ask(Ask::View { show: 1 })?;
        }
        writeln!(stdout(), "done")?;
    }
    Ok(())
}
