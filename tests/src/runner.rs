//! Checks by name: one asked in this process, or in one of its own.

pub mod sweep;

use std::io::Read;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::checks::check::Skipped;
use crate::checks::find;
use crate::stage::{program, skip};
use crate::target::{Author, Target};
use crate::{sys, verdict, wait};

/// Exit status of the program `check` for a promise that is broken.
pub const BROKEN: i32 = 1;
/// Exit status of the program `check` if nothing was judged.
pub const SKIPPED: i32 = 3;

/// What came of a check that was asked in a process of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The promise is kept.
    Kept,
    /// It is broken; what was sent, expected, and what came.
    Broken(String),
    /// Nothing was judged: `left out` or `skipped`, and why.
    Skipped(String),
}

/// Asks a check as a test of this process; what is not judged is said past its capture.
///
/// # Panics
/// If the promise is broken, or no check has this name.
pub fn ask(name: &str, target: &Target) {
    let check = find(name).unwrap_or_else(|| panic!("no check is named {name}"));
    match check.ask(target) {
        Ok(()) => {}
        Err(Skipped::Lacks(what)) => skip(name, what),
        Err(Skipped::LeftOut(why)) if target.author() == Author::Stranger => {
            verdict::left_out(name, why);
        }
        Err(Skipped::LeftOut(why)) => println!("left out {name}: {why}"),
    }
}

/// How long a check that is asked apart may take, and how much it tries.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// The longest wait for a server: where it is known to fail, nobody need see it take its time.
    pub wait_max: Duration,
    /// The whole, for which nothing but a fault of the check is too slow.
    pub limit: Duration,
    /// What `SPECTACLES_EFFORT` says: `quick`, `ci` or `night`.
    pub effort: &'static str,
}

/// Asks a check in a process of its own, which takes with it whatever the check leaves behind.
///
/// # Panics
/// If the process cannot be started, or does not end.
pub fn ask_apart(name: &str, target: &Target, patience: Patience) -> Outcome {
    let mut command = Command::new(program("check"));
    command.arg(name).arg(target.name()).stdin(Stdio::null());
    if target.author() == Author::Stranger {
        command.arg("--server").arg(target.program());
    }
    command
        .env("SPECTACLES_WAIT_MAX", patience.wait_max.as_secs().to_string())
        .env_remove("RUST_BACKTRACE");
    command.env("SPECTACLES_EFFORT", patience.effort);
    sys::tie_to_this_thread(&mut command);
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("the program is built with the tests");
    let mut stderr = child.stderr.take().expect("stderr is piped");
    let reader = thread::spawn(move || {
        let mut text = Vec::new();
        stderr.read_to_end(&mut text).expect("a pipe can be read");
        String::from_utf8_lossy(&text).into_owned()
    });
    let ended = wait::patiently(patience.limit, || child.try_wait().expect("it is our child"));
    if ended.is_none() {
        child.kill().and_then(|()| child.wait()).expect("a child can be killed and reaped");
    }
    let text = reader.join().expect("it does not panic");
    match ended.map(|status| status.code()) {
        Some(Some(0)) => Outcome::Kept,
        Some(Some(BROKEN)) => Outcome::Broken(text),
        Some(Some(SKIPPED)) => Outcome::Skipped(text),
        _ => panic!("{name} of {}: {ended:?}, no verdict in time:\n{text}", target.name()),
    }
}
