//! A client that asks so many questions, whatever happens to the server, and writes its history to
//! stdout.

use std::io::stdout;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Parser;
use common::client::ask::{Ask, Unanswered};
use common::program::signals::inherit_nothing;
use fastrand::Rng;
use harness::client::{CLIENT_TIMEOUT, Client};
use harness::history::{Meaning, meaning, record};
use harness::stage::{ALL, Stage};
use harness::wait;

/// How long a server may take to come back.
const RESTART_MAX: Duration = Duration::from_secs(20);

/// A client that writes its history
#[derive(Parser)]
struct Options {
    /// The stage's package
    stage: String,
    /// The server's directory
    dir: PathBuf,
    /// How many shows there are
    shows: i32,
    /// How many questions to ask
    questions: u64,
    /// What decides which
    seed: u64,
}

fn main() -> anyhow::Result<()> {
    inherit_nothing();
    let Options { stage, dir, shows, questions, seed } = Options::parse();
    let stage: Option<Stage> = ALL.into_iter().find(|other| other.package() == stage);
    let Some(stage) = stage else { bail!("no such stage") };
    let open = || Client::open(stage, &dir, CLIENT_TIMEOUT).ok();
    let reopen = || wait::until(RESTART_MAX, open).context("cannot find the server again");
    let mut rng = Rng::with_seed(seed);
    let mut client = reopen()?;
    for _ in 0..questions {
        let show = rng.i32(1..=shows);
        let ask = match rng.u32(0..10) {
            0..=1 => Ask::List,
            2..=4 => Ask::View { show },
            _ => Ask::Reserve { show, seats: rng.i32(1..=4) },
        };
        record::call(stdout(), ask)?;
        let (meaning, is_lost) = match client.ask(ask) {
            Ok(reply) => (meaning(ask, reply), false),
            Err(Unanswered::NotSent(_)) => (Meaning::Nothing, true),
            Err(Unanswered::Unknown(_)) => (Meaning::Unknown, true),
        };
        record::back(stdout(), meaning)?;
        if is_lost || meaning == Meaning::Unknown {
            // The old one goes first: a thread has one client at a time.
            drop(client);
            client = reopen()?;
        }
    }
    Ok(())
}
