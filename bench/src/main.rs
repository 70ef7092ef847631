//! `cargo run --release -p bench`: measures every stage, and says what it means.

use std::process::ExitCode;

use bench::options::{Options, Part};
use bench::{bare, connections, report, worker};
use clap::Parser;
use common::program::signals::inherit_nothing;

fn main() -> ExitCode {
    inherit_nothing();
    let options = Options::parse();
    let ended = match &options.part {
        None => report::run(&options),
        Some(Part::Worker { door, dir, number }) => worker::run(*door, dir, *number),
        Some(Part::Bare { bare, dir }) => bare::run(*bare, dir),
        Some(Part::Idle { dir, count }) => connections::hold(dir, *count),
    };
    match ended {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::from(2)
        }
    }
}
