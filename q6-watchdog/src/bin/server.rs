//! The server program of this stage.

use std::process::ExitCode;

use clap::Parser;
use common::exit;
use q6_watchdog::options::ServerOptions;
use q6_watchdog::server;

fn main() -> ExitCode {
    let options = ServerOptions::parse();
    exit::report("server", server::run(&options))
}
