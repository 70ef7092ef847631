//! The server program of this stage.

use std::process::ExitCode;

use clap::Parser;
use common::exit;
use q5_sockets::options::ServerOptions;
use q5_sockets::server;

fn main() -> ExitCode {
    let options = ServerOptions::parse();
    exit::report("server", server::run(&options))
}
