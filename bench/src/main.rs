//! `cargo run --release -p bench`: measures every stage, and says what it means.

use std::process::ExitCode;

use bench::baseline::serve;
use bench::clients::{client, verify};
use bench::options::{Options, Part};
use bench::results::row::Baseline;
use bench::run::{self, connections, watched};
use clap::Parser;
use common::program::signals::inherit_nothing;

fn main() -> ExitCode {
    inherit_nothing();
    let options = Options::parse();
    let ended = match &options.part {
        None => run::run(&options),
        Some(Part::Client { transport, dir, number }) => client::run(*transport, dir, *number),
        Some(Part::Baseline { exchange, dir, group_commit }) => {
            let baseline = Baseline { exchange: *exchange, group_commit: *group_commit };
            serve::run(baseline, dir)
        }
        Some(Part::Verify { protocol, dir }) => verify::run(*protocol, dir),
        Some(Part::Idle { transport, dir, count }) => connections::hold(*transport, dir, *count),
        Some(Part::Watch) => watched::watch(),
    };
    match ended {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::from(2)
        }
    }
}
