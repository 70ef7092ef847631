//! `grade box DIR COMMAND`: runs a command line in a box with a folder, to see whether boxes work here.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use crate::sandbox::run::{BoxSpec, run};
use crate::sandbox::steps::{End, Line, Step, Steps};
use crate::sandbox::tree::Tree;

/// The exit status when the grader could not do its work.
const UNABLE: u8 = 3;

/// Runs the command line, prints what it says, and ends with its exit status.
pub fn main(folder: &Path, command: &OsString) -> ExitCode {
    match try_command(folder, command) {
        Ok(code) => ExitCode::from(code),
        Err(why) => {
            eprintln!("grade: {why}");
            ExitCode::from(UNABLE)
        }
    }
}

fn try_command(folder: &Path, command: &OsString) -> Result<u8, String> {
    let command = command.to_str().ok_or("the command is not UTF-8")?;
    let mut spec = BoxSpec::new(Tree::default());
    spec.submission = Tree::read(folder, spec.scratch_bytes).map_err(|error| error.to_string())?;
    let step = Step { seconds: spec.time_limit.as_secs_f64(), ..Step::shell(command) };
    let job = Steps { run: vec![step], keep: false };
    let job = serde_json::to_string(&job).map_err(|error| error.to_string())?;
    let mut code = Err("the box said nothing".to_owned());
    run(&spec, &job, &mut |line| {
        if let Ok(Line::Step(done)) = serde_json::from_str(line) {
            // Who closed the pipe does not want to read.
            let _ = io::stdout().write_all(done.output.as_bytes());
            code = match done.end {
                End::Exit(code) => Ok(code as u8),
                End::Signal(signal) => Ok(128 + signal as u8),
                End::Start(why) => Err(format!("cannot start the command: {why}")),
                End::Time | End::Running => Err("the command took too long".to_owned()),
            };
        }
    })
    .map_err(|failure| failure.to_string())?;
    code
}
