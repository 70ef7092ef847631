//! Marks a submission: reads the command line and runs.

use std::process::ExitCode;

use clap::Parser;
use common::program::signals::inherit_nothing;
use grade::options::{Command, Options};
use grade::run::{self, inside, try_out};
use grade::sandbox::{command, inside as sandbox};
use ipctop::messages::Language;

fn main() -> ExitCode {
    inherit_nothing();
    if sandbox::is_asked() {
        return status(inside::in_box());
    }
    if inside::is_bare() {
        return status(inside::bare());
    }
    if try_out::is_inside() {
        return try_out::inside();
    }
    let options = Options::parse();
    let done = match &options.command {
        None => match &options.self_check.corpus {
            Some(corpus) => run::self_check::run(corpus, &options.self_check, &options.one.how),
            None => run::one::run(&options.one),
        },
        Some(Command::Init { course }) => {
            run::init::run(course, Language::of_environment()).map(|()| ExitCode::SUCCESS)
        }
        Some(Command::Class { course, out, jobs, how }) => run::class::run(course, out, *jobs, how),
        Some(Command::Box { folder, line }) => return command::main(folder, line),
        Some(Command::Try(asked)) => try_out::run(asked),
    };
    done.unwrap_or_else(|error| {
        eprintln!("grade: {error:#}");
        ExitCode::from(2)
    })
}

fn status(done: anyhow::Result<()>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
