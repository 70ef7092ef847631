//! Marks a submission: reads the command line and runs.

use std::process::ExitCode;

use clap::Parser;
use common::program::signals::inherit_nothing;
use grade::options::{Command, Options};
use grade::run;
use ipctop::messages::Language;

fn main() -> ExitCode {
    inherit_nothing();
    let options = Options::parse();
    let done = match &options.command {
        None => run::one::run(&options.one),
        Some(Command::Init { course }) => {
            run::init::run(course, Language::of_environment()).map(|()| ExitCode::SUCCESS)
        }
        Some(_) => Err(anyhow::anyhow!("not yet")),
    };
    done.unwrap_or_else(|error| {
        eprintln!("grade: {error:#}");
        ExitCode::from(2)
    })
}
