//! A client that asks and never reads the answer: it waits to be killed.

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::thread::park;

use anyhow::{Context, bail};
use clap::Parser;
use common::ask::Ask;
use common::request::Request;
use tests::stage::{ALL, Stage};
use tests::wire::{Place, Wire};
use zerocopy::IntoBytes;

/// A client that asks and never reads
#[derive(Parser)]
struct Options {
    /// The stage's package
    stage: String,
    /// The server's directory
    dir: PathBuf,
    /// How many LISTs to send
    requests: u64,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let stage: Option<Stage> = ALL.into_iter().find(|stage| stage.package() == options.stage);
    let Some(stage) = stage else { bail!("no stage is named {}", options.stage) };
    let pid = std::process::id() as i32;
    let wire = Wire::open(stage, &options.dir, pid)?;
    for nonce in 1..=options.requests {
        wire.send(Place::Consultation, Request::new(pid, nonce, Ask::List).as_bytes());
    }
    writeln!(stdout(), "sent").context("cannot say so")?;
    loop {
        park();
    }
}
