//! The client program of this stage.

use std::process::ExitCode;

use clap::Parser;
use common::exit;
use common::options::ClientOptions;
use q1_pipes::client;

fn main() -> ExitCode {
    let options = ClientOptions::parse();
    exit::report("client", client::run(&options))
}
