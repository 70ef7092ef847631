//! The client program of this stage.

use std::process::ExitCode;

use clap::Parser;
use common::program::exit;
use common::program::signals::inherit_nothing;
use q7_tls::client;
use q7_tls::options::ClientOptions;

fn main() -> ExitCode {
    inherit_nothing();
    let options = ClientOptions::parse();
    exit::report("client", client::run(&options))
}
