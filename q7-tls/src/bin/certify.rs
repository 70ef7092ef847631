//! The program that makes certificates for servers and clients.

use std::io;
use std::process::ExitCode;

use clap::Parser;
use common::program::exit;
use common::program::signals::inherit_nothing;
use q7_tls::certify::{self, CertifyOptions};

fn main() -> ExitCode {
    inherit_nothing();
    let options = CertifyOptions::parse();
    exit::report("certify", certify::run(&options, &mut io::stdout()))
}
