//! What a signal's default action does to a process, tried on a child; with or without a core file.

use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use nix::sys::prctl::set_dumpable;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{Signal, raise};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::chdir;

use crate::{child, signals};

/// Has a child send itself `signal`, and returns how that ended it.
///
/// The child writes a core file only if it has a `core_directory`, where the file then is:
/// otherwise its RLIMIT_CORE, the largest size of such a file, is 0.
///
/// # Errors
/// If core files of this system go elsewhere, where nobody would remove ours. See core(5),
/// setrlimit(2).
pub fn end_by(signal: Signal, core_directory: Option<&Path>) -> anyhow::Result<WaitStatus> {
    if core_directory.is_some() {
        check_core_pattern()?;
    }
    let Some(child) = child::fork()? else {
        child::live("signal-alarm", || {
            let (_, hard) = getrlimit(Resource::RLIMIT_CORE)?;
            if let Some(directory) = core_directory {
                ensure!(hard > 0, "cannot write a core file: the hard limit is 0 (ulimit -Hc)");
                setrlimit(Resource::RLIMIT_CORE, hard, hard)?;
                chdir(directory)?;
            } else {
                setrlimit(Resource::RLIMIT_CORE, 0, hard)?;
                // A core_pattern that is a pipe is not bound by the limit.
                set_dumpable(false)?;
            }
            signals::reset(&[signal])?;
            raise(signal)?;
            Ok(0)
        })
    };
    Ok(waitpid(child, None)?)
}

fn check_core_pattern() -> anyhow::Result<()> {
    let path = "/proc/sys/kernel/core_pattern";
    let pattern = fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
    let pattern = pattern.trim();
    ensure!(!pattern.contains(['/', '|']), "cannot keep the core here: {path} says {pattern}");
    Ok(())
}
