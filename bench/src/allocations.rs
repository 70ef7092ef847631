//! Counts a server's allocations from outside: a library in front of malloc,
//! `tests/c/allocations/allocations.c`.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

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
        if !harness::c::is_there("cc") {
            eprintln!("bench: allocations are not counted: there is no cc, a C compiler");
            return Ok(None);
        }
        let dir = dir.canonicalize().context("cannot find the directory")?;
        let (library, counter) = (dir.join("allocations.so"), dir.join("allocations"));
        fs::write(&counter, 0_u64.to_ne_bytes()).context("cannot make the counter")?;
        let output = Command::new("cc")
            .args(harness::c::WARNINGS)
            .args(["-std=c11", "-O2", "-fPIC", "-shared", "-o"])
            .arg(&library)
            .arg(harness::c::root().join("tests/c/allocations/allocations.c"))
            .output()
            .context("cannot start cc")?;
        let text = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success(),
            "cannot compile tests/c/allocations/allocations.c: {text}"
        );
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
