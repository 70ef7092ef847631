//! The client program of this stage.

use std::process::ExitCode;

use clap::Parser;
use common::client::options::ClientOptions;
use common::program::exit;
use common::program::signals::inherit_nothing;
use q1_pipes::client;

fn main() -> ExitCode {
    inherit_nothing();
    let options = ClientOptions::parse();
    exit::report("client", client::run(&options))
}
