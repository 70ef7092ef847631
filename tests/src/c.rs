//! The C compiler, for the header and for the programs of `tests/c`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::stage::skip;
use crate::sys;

/// Where the header is, from the root of the workspace.
pub const INCLUDE: &str = "common/include";
/// What a C program of this project is compiled with: it has no warnings.
pub const WARNINGS: [&str; 5] = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror"];

/// The root of the workspace.
///
/// # Panics
/// If `tests` stands somewhere else.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests is a folder of the workspace")
}

/// Whether this machine has a compiler of that name.
pub fn is_there(compiler: &str) -> bool {
    let mut command = Command::new(compiler);
    command.arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Runs a compiler that has nothing to say.
///
/// # Panics
/// If it fails or warns; shows what it says.
pub fn assert_quiet(command: &mut Command) {
    let output = command.output().expect("the compiler can be started");
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    assert!(output.status.success() && text.is_empty(), "{command:?}:\n{text}");
}

/// A compiled program, there as long as this is held.
#[derive(Debug)]
pub struct Program {
    dir: TempDir,
}

impl Program {
    /// Compiles `tests/c/NAME/*.c` as a student would; says so and gives None if there is no compiler.
    ///
    /// # Panics
    /// If it does not compile, or not without a warning.
    pub fn compile(test: &str, name: &str) -> Option<Program> {
        Program::build(test, name, &["-pthread"], &[])
    }

    /// Compiles `tests/c/NAME/*.c` to a library that LD_PRELOAD can name.
    ///
    /// # Panics
    /// As [`Program::compile`].
    pub fn compile_library(test: &str, name: &str) -> Option<Program> {
        Program::build(test, name, &["-shared", "-fPIC"], &[])
    }

    /// Compiles `tests/c/NAME/*.c` with OpenSSL; says so and gives None if its headers are not there.
    ///
    /// # Panics
    /// As [`Program::compile`].
    pub fn compile_with_openssl(test: &str, name: &str) -> Option<Program> {
        let mut look = Command::new("cc");
        look.args(["-E", "-include", "openssl/ssl.h", "-x", "c", "/dev/null"]);
        let found = look.stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !found.is_ok_and(|status| status.success()) {
            skip(test, "cc and the headers of OpenSSL (libssl-dev)");
            return None;
        }
        Program::build(test, name, &[], &["-lssl", "-lcrypto"])
    }

    fn build(test: &str, name: &str, options: &[&str], libraries: &[&str]) -> Option<Program> {
        if !is_there("cc") {
            skip(test, "cc, a C compiler");
            return None;
        }
        let program = Program { dir: tempfile::tempdir().expect("a directory for the program") };
        let mut command = Command::new("cc");
        command.args(WARNINGS).args(["-std=c11", "-O2"]).args(options).arg("-I");
        let files =
            fs::read_dir(root().join("tests/c").join(name)).expect("it is a program's name");
        let sources = files.map(|file| file.expect("it can be read").path());
        let sources = sources.filter(|path| path.extension().is_some_and(|end| end == "c"));
        command.arg(root().join(INCLUDE)).arg("-o").arg(program.path()).args(sources);
        command.args(libraries);
        assert_quiet(&mut command);
        Some(program)
    }

    /// A run of it, which has not started yet; it ends with the thread that starts it.
    pub fn command(&self) -> Command {
        let mut command = Command::new(self.path());
        sys::tie_to_this_thread(command.stdin(Stdio::null()));
        command
    }

    /// Where it is.
    pub fn path(&self) -> PathBuf {
        self.dir.path().join("program")
    }
}
