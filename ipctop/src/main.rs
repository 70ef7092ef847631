//! Looks at the IPC of programs and says what is stuck: reads the command line and runs.

use std::process::ExitCode;

use clap::Parser;
use common::program::signals::inherit_nothing;
use ipctop::options::Options;
use ipctop::run;

fn main() -> ExitCode {
    inherit_nothing();
    let options = Options::parse();
    match run::run(&options) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("ipctop: {error:#}");
            ExitCode::from(2)
        }
    }
}
