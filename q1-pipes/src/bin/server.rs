//! The server program of this stage.

use std::process::ExitCode;

use clap::Parser;
use common::exit;
use common::options::ServerOptions;
use q1_pipes::server;

fn main() -> ExitCode {
    let options = ServerOptions::parse();
    exit::report("server", server::run(&options))
}
