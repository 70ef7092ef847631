//! `cargo run --release -p bench`: measures every stage, and says what it means.

use std::process::ExitCode;

use bench::baseline::serve;
use bench::clients::connection::Connection;
use bench::clients::multiplexed::Multiplexed;
use bench::clients::{burden, client, load, pgbench, verify};
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
        Some(Part::Client { transport, dir, number }) => {
            client::run(|| Connection::open(*transport, dir, *number), load::run)
        }
        Some(Part::Multiplexed { wire, dir, connections }) => {
            client::run(|| Multiplexed::open(*wire, dir, *connections), Multiplexed::run)
        }
        Some(Part::Pgbench { programs, dir, connections }) => {
            client::run(|| Ok(()), |(), order| pgbench::run(programs, dir, *connections, order))
        }
        Some(Part::Baseline { exchange, dir, group_commit }) => {
            let baseline = Baseline { exchange: *exchange, group_commit: *group_commit };
            serve::run(baseline, dir)
        }
        Some(Part::Verify { protocol, dir }) => verify::run(*protocol, dir),
        Some(Part::Burden { burden, dir }) => burden::run(*burden, dir),
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
