//! Running the C compiler in a child, and taking its result out of a directory that is gone at
//! once.

use std::ffi::OsStr;
use std::fs::File;
use std::path::Path;

use anyhow::{Context, bail};
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::dup2_stderr;

use crate::child;
use crate::program;

/// Compiles `source`; returns the open program, which has no name any more, or None if there are
/// errors. The compiler's messages go to `messages`.
///
/// # Errors
/// If there is no compiler, or it was killed. See cc(1), dup(2).
pub fn compile(source: &Path, messages: &File) -> anyhow::Result<Option<File>> {
    // Ctrl-C reaches this process too. It waits until the directory has been removed: the last line
    // lets it in.
    let ending = [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM];
    let mask = SigSet::from_iter(ending).thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
    let compiled = compile_in_directory(source, messages, &mask);
    mask.thread_set_mask()?;
    compiled
}

fn compile_in_directory(
    source: &Path,
    messages: &File,
    mask: &SigSet,
) -> anyhow::Result<Option<File>> {
    let directory = tempfile::tempdir().context("cannot make a temporary directory")?;
    let output = directory.path().join("program");
    let Some(compiler) = child::fork()? else {
        child::live("exec", || {
            mask.thread_set_mask()?;
            dup2_stderr(messages)?;
            let [cc, o] = ["cc", "-o"].map(OsStr::new);
            program::execvp("exec", &[cc, o, output.as_os_str(), source.as_os_str()])
        })
    };
    match waitpid(compiler, None)? {
        WaitStatus::Exited(_, 0) => {
            Ok(Some(File::open(&output).context("cannot open the program")?))
        }
        WaitStatus::Exited(_, status) if status == i32::from(program::NOT_FOUND) => {
            bail!("cannot execute cc: it is not installed")
        }
        WaitStatus::Exited(..) => Ok(None),
        status => bail!("cannot compile {}: {}", source.display(), child::describe(status)),
    }
}
