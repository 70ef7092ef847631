//! The server program of this stage.

use std::process::ExitCode;

use clap::Parser;
use common::program::exit;
use common::program::signals::inherit_nothing;
use common::server::options::ServerOptions;
use q3_threads::server;

fn main() -> ExitCode {
    inherit_nothing();
    let options = ServerOptions::parse();
    exit::report("server", server::run(&options))
}
