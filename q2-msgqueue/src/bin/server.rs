//! The server program of this stage.

use std::process::ExitCode;

use clap::Parser;
use common::exit;
use common::options::ServerOptions;
use common::signals::inherit_nothing;
use q2_msgqueue::server;

fn main() -> ExitCode {
    inherit_nothing();
    let options = ServerOptions::parse();
    exit::report("server", server::run(&options))
}
