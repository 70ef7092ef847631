//! Marks a submission: reads the command line and runs.

use std::io;
use std::process::ExitCode;

use clap::Parser;
use common::program::signals::inherit_nothing;
use grade::launch::behind;
use grade::options::{Command, Options};
use grade::run::{self, inside, try_out};
use grade::sandbox::{command, inside as sandbox};
use grade::verdict::item::harmless;
use ipctop::messages::Language;

/// Something was asked for that is not there.
const USAGE: u8 = 2;
/// The grader could not judge.
const NOT_JUDGED: u8 = 3;

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
    if behind::is_asked() {
        return behind::run();
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
        eprintln!("grade: {}", harmless(&format!("{error:#}")));
        ExitCode::from(if is_full(&error) { NOT_JUDGED } else { USAGE })
    })
}

/// Whether a disk is full: then nobody asked for something wrong.
fn is_full(error: &anyhow::Error) -> bool {
    let kinds = error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>());
    kinds.map(io::Error::kind).any(|kind| kind == io::ErrorKind::StorageFull)
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
