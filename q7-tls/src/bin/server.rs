//! The server program of this stage.

use std::process::ExitCode;

use clap::Parser;
use common::program::exit;
use common::program::signals::inherit_nothing;
use q7_tls::options::ServerOptions;
use q7_tls::server;

fn main() -> ExitCode {
    inherit_nothing();
    let options = ServerOptions::parse();
    exit::report("server", server::run(&options))
}
