//! What is to be started: a command of the submission.

use std::ffi::OsString;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

/// A command of the submission.
#[derive(Clone, Debug)]
pub struct Program {
    /// The program, searched in PATH unless it has a slash, and its arguments.
    pub argv: Vec<OsString>,
    /// Its working directory; a program with a slash is searched from there.
    pub cwd: PathBuf,
    /// What its environment has besides the usual.
    pub env: Vec<(OsString, OsString)>,
}

/// Where what it says goes to.
#[derive(Debug)]
pub enum Streams {
    /// All three are this terminal, which becomes its controlling terminal.
    Terminal(OwnedFd),
    /// Input is empty, output and errors go there.
    Log(File),
}
