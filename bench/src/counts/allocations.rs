//! Counts a server's allocations from outside: a library in front of malloc,
//! `tests/c/allocations/allocations.c`.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::counts::compiler;

/// The library.
const SOURCE: &str = "tests/c/allocations/allocations.c";

/// The compiled library and its counter.
#[derive(Debug)]
pub struct Allocations {
    library: PathBuf,
    counter: PathBuf,
}

impl Allocations {
    /// Compiles the library into a directory; None, and a word on stderr, if there is no compiler.
    ///
    /// # Errors
    /// If it does not compile.
    pub fn prepare(dir: &Path) -> anyhow::Result<Option<Allocations>> {
        if !compiler::is_there("allocations are not counted") {
            return Ok(None);
        }
        let dir = dir.canonicalize().context("cannot find the directory")?;
        let (library, counter) = (dir.join("allocations.so"), dir.join("allocations"));
        fs::write(&counter, 0_u64.to_ne_bytes()).context("cannot make the counter")?;
        compiler::compile(SOURCE, &["-fPIC", "-shared"], &library)?;
        Ok(Some(Allocations { library, counter }))
    }

    /// What a server is started with to be counted.
    pub fn environment(&self) -> Vec<(&'static str, OsString)> {
        vec![
            ("LD_PRELOAD", self.library.clone().into_os_string()),
            ("ALLOCATIONS", self.counter.clone().into_os_string()),
        ]
    }

    /// Calls so far, of all servers that were started so.
    ///
    /// # Errors
    /// If the counter cannot be read.
    pub fn count(&self) -> anyhow::Result<u64> {
        let bytes = fs::read(&self.counter).context("cannot read the counter")?;
        let bytes: [u8; 8] = bytes.try_into().ok().context("the counter has 8 bytes")?;
        Ok(u64::from_ne_bytes(bytes))
    }
}
