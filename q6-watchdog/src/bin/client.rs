//! The client program of this stage.

use std::process::ExitCode;

use clap::Parser;
use common::exit;
use q6_watchdog::client;
use q6_watchdog::options::ClientOptions;

fn main() -> ExitCode {
    let options = ClientOptions::parse();
    exit::report("client", client::run(&options))
}
