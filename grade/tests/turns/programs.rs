//! The programs of `programs/`: compiled, started, and cleaned up after.

use std::fs::{File, OpenOptions};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicI32, Ordering};

use grade::assignment::question::{Question, Ready};
use grade::launch::launcher::Launcher;
use grade::launch::process::Process;
use grade::launch::program::{Program, Streams};
use grade::patience::Patience;
use grade::readiness::{self, Asked, NotReady};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// What the menus of these clients need to be typed, and how their answers read.
const QUESTION: &str = r#"
    client = ["./client"]
    [dialogue]
    list = "3\n"
    row = '\[(?<show>\d+)\] .*? : (?<seats>-?\d+) places'
    view = "1\n{show}\n"
    left = 'Il reste (?<seats>-?\d+) places'
    reserve = "2\n{show}\n{seats}\n"
    done = 'confirmée'
    refused = 'impossible'
    quit = "0\n"
"#;

/// The question of these clients, with more lines for its dialogue.
pub(crate) fn question(client: &[&str], more: &str) -> Question {
    let text = format!("{QUESTION}{more}");
    let mut question: Question = toml::from_str(&text).unwrap();
    question.client = client.iter().map(|word| (*word).to_owned()).collect();
    question
}

/// A directory with compiled programs, which share a queue of their own; it goes with them.
pub(crate) struct Folder {
    dir: TempDir,
    key: i32,
}

impl Folder {
    pub(crate) fn new() -> Folder {
        static COUNT: AtomicI32 = AtomicI32::new(0);
        // Each test process has its own keys: they are small numbers that nobody else takes.
        let key = 0x5350_0000 + (std::process::id() as i32 % 1000) * 64;
        let key = key + COUNT.fetch_add(1, Ordering::Relaxed);
        Folder { dir: tempfile::tempdir().unwrap(), key }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Compiles a program; whether the machine has what it needs.
    pub(crate) fn compile(&self, source: &str, name: &str, options: &[&str]) {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/turns/programs");
        let mut command = Command::new("cc");
        command.args(["-std=gnu11", "-g", "-Wall", "-Wextra", "-Wno-unused-result"]);
        command.arg(format!("-DCLE={}", self.key)).arg("-o").arg(self.path().join(name));
        command.arg(sources.join(source)).args(options).arg("-pthread");
        harness::c::assert_quiet(&mut command);
    }

    /// Starts a server of this folder, and waits until it can be asked.
    pub(crate) fn serve(
        &self,
        launcher: &Launcher,
        argv: &[&str],
        ready: &Ready,
        patience: Patience,
    ) -> Result<Server, NotReady> {
        let log = self.path().join("server.log");
        let file = open_log(&log);
        let argv = argv.iter().map(Into::into).collect();
        let program = Program { argv, cwd: self.path().to_owned(), env: Vec::new() };
        let mut process = launcher.start(&program, Streams::Log(file)).unwrap();
        let asked = readiness::wait(&mut process, &program, &log, ready, patience)?;
        Ok(Server { process, asked })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let key = self.key.to_string();
        for kind in ["-Q", "-S"] {
            let mut command = Command::new("ipcrm");
            // Most tests have nothing that is left.
            let _ = command.args([kind, &key]).stderr(Stdio::null()).status();
        }
    }
}

fn open_log(path: &Path) -> File {
    OpenOptions::new().create(true).truncate(true).write(true).open(path).unwrap()
}

/// A server that can be asked; all its processes end with it.
pub(crate) struct Server {
    pub(crate) process: Process,
    pub(crate) asked: Asked,
}

impl Drop for Server {
    fn drop(&mut self) {
        for &pid in &self.asked.pids {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
}

/// Loops that keep the CPUs busy until they are dropped.
pub(crate) struct Load(Vec<Process>);

impl Load {
    pub(crate) fn of(launcher: &Launcher, loops: usize) -> Load {
        let argv = ["sh", "-c", "while :; do :; done"].map(Into::into).to_vec();
        let program = Program { argv, cwd: "/".into(), env: Vec::new() };
        let start = |_| {
            let nowhere = OpenOptions::new().write(true).open("/dev/null").unwrap();
            launcher.start(&program, Streams::Log(nowhere)).unwrap()
        };
        Load((0..loops).map(start).collect())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Whether there is a C compiler; says so if not.
pub(crate) fn has_compiler(test: &str) -> bool {
    let is_there = harness::c::is_there("cc");
    if !is_there {
        harness::stage::skip(test, "cc, a C compiler");
    }
    is_there
}
