//! The C program of situations, compiled once, and a run of it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use harness::{c, leftovers, sys, wait};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tempfile::TempDir;

/// A situation takes milliseconds to get into; a loaded machine may need longer.
const READY_MAX: Duration = Duration::from_secs(20);

/// Where the compiled program is; compiled as a student would, without a warning.
pub(crate) fn path() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/situations");
        let sources = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let sources = sources.filter(|path| path.extension().is_some_and(|ext| ext == "c"));
        // Not in /tmp: what is kept until the end is never dropped.
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("situation");
        let mut compiler = Command::new("cc");
        compiler.args(c::WARNINGS).arg("-pthread").arg("-o").arg(&path).args(sources);
        c::assert_quiet(compiler.arg("-lrt"));
        path
    })
}

/// A program that is stuck, killed with all its descendants when this is dropped.
pub(crate) struct Stuck {
    child: Child,
    /// Its output, kept open: a program whose output nobody can read is a finding.
    stdout: Option<BufReader<ChildStdout>>,
    /// The directory that it works in.
    pub(crate) dir: TempDir,
}

impl Stuck {
    /// Gets into a situation; Err says what this machine lacks for it.
    ///
    /// Its IPC namespace is this thread's own: call it in a thread of its own.
    pub(crate) fn start(name: &str) -> Result<Stuck, String> {
        leftovers::enter_namespace();
        let dir = tempfile::tempdir().unwrap();
        fs::copy(path(), dir.path().join("copy")).unwrap();
        let mut command = Command::new(path());
        command.arg(name).arg(dir.path()).stdin(Stdio::null()).stdout(Stdio::piped());
        sys::tie_to_this_thread(&mut command);
        command.process_group(0);
        let mut stuck = Stuck { child: command.spawn().unwrap(), stdout: None, dir };
        let stdout = stuck.child.stdout.take().unwrap();
        assert!(wait::until_readable(&stdout, READY_MAX), "{name} does not get ready");
        let mut line = String::new();
        stuck.stdout.insert(BufReader::new(stdout)).read_line(&mut line).unwrap();
        match line.trim_end().strip_prefix("skip ") {
            Some(needs) => Err(needs.to_owned()),
            None => {
                assert_eq!(line, "ready\n", "{name}");
                Ok(stuck)
            }
        }
    }

    /// The PID of its first process, which is also that of its group.
    pub(crate) fn pid(&self) -> i32 {
        self.child.id() as i32
    }
}

impl Drop for Stuck {
    fn drop(&mut self) {
        // The group may be empty by now.
        let _ = killpg(Pid::from_raw(self.pid()), Signal::SIGKILL);
        let _ = self.child.wait();
        let _ = fs::remove_file(format!("/dev/shm/sem.ipctop-{}", self.pid()));
    }
}
