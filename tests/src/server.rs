//! A real server process in a directory of its own, which must leave nothing behind.

mod directory;
mod ending;
mod output;
mod processes;
mod ready;
pub mod trial;

use std::fs::{DirBuilder, File};
use std::io::{PipeReader, pipe};
use std::os::unix::fs::DirBuilderExt;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::thread::panicking;
use std::time::{Duration, Instant};

use common::booking::shows;
use common::booking::table::Table;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;
use zerocopy::IntoBytes;

use crate::evidence::Finding;
use crate::leftovers::ipc::Object;
use crate::processes::family::Family;
use crate::server::output::Output;
use crate::stage::Stage;
use crate::target::{Author, Target};
use crate::{address, leftovers, sys, wait};

/// A start takes milliseconds, or 2 s where a dead predecessor's processes linger; a loaded machine
/// may need longer.
const START_MAX: Duration = Duration::from_secs(10);

/// A server under test.
#[derive(Debug)]
pub struct Server {
    target: Target,
    pub(crate) base: TempDir,
    options: Vec<String>,
    child: Option<Child>,
    started: Instant,
    /// Every process that has come of its last start.
    family: Option<Family>,
    stdout: Option<Output>,
    /// A foreign server's; ours log into a file, which is there as soon as they have written it.
    stderr: Option<Output>,
    /// The System V objects that were in sight before it was started.
    before: Vec<Object>,
    /// What the test has put into the data file: here no server can change it.
    given: Mutex<Vec<u8>>,
    /// Whether leftovers are to be expected: the server was killed and not started again.
    crashed: bool,
}

impl Server {
    /// Starts a server over the sample of shows; a stage stands for its own server.
    pub fn start(target: impl Into<Target>) -> Server {
        Server::start_with(target, &shows::sample(), &[])
    }

    /// Starts a server over a table, with more options.
    ///
    /// # Panics
    /// If it does not get ready.
    pub fn start_with(target: impl Into<Target>, table: &Table, options: &[&str]) -> Server {
        let mut server = Server::prepare(target, options);
        server.write_data_file(table.as_bytes());
        server.launch();
        server
    }

    /// An empty directory for a server that is started later. A foreign server is tried first.
    ///
    /// # Panics
    /// If it cannot be made, or if the foreign server cannot be started and stopped.
    pub fn prepare(target: impl Into<Target>, options: &[&str]) -> Server {
        let target = target.into();
        trial::demand(&target);
        Server::untried(target, options)
    }

    fn untried(target: Target, options: &[&str]) -> Server {
        leftovers::enter_namespace();
        let base = tempfile::tempdir().expect("a directory for the test");
        let server = Server {
            target,
            base,
            options: options.iter().map(|option| (*option).to_owned()).collect(),
            child: None,
            started: Instant::now(),
            family: None,
            stdout: None,
            stderr: None,
            before: Vec::new(),
            given: Mutex::default(),
            crashed: false,
        };
        DirBuilder::new().mode(0o700).create(server.dir()).expect("the base is ours");
        server
    }

    /// Starts it, again after a stop or a crash, and waits until it is ready.
    ///
    /// # Panics
    /// If it does not get ready; shows what it logged.
    pub fn launch(&mut self) {
        self.spawn(self.command());
    }

    /// Has another server started in this DIR from now on.
    ///
    /// # Panics
    /// If the first one still runs.
    pub fn hand_over(&mut self, target: impl Into<Target>) {
        assert!(self.child.is_none(), "the server runs");
        self.target = target.into();
    }

    /// Starts it with a pipe as stderr, which nobody reads while this is held.
    ///
    /// # Panics
    /// If it does not get ready.
    pub fn launch_unheard(&mut self) -> PipeReader {
        let (reader, writer) = pipe().expect("there is a pipe left");
        let mut command = self.command();
        command.stderr(writer);
        self.spawn(command);
        reader
    }

    /// Starts it by a command of the test's own, which prints what the server prints.
    ///
    /// # Panics
    /// If it does not get ready.
    pub fn launch_as(&mut self, mut command: Command) {
        command.stdin(Stdio::null()).stderr(self.log_stream());
        sys::tie_to_this_thread(&mut command);
        self.spawn(command);
    }

    /// Starts it by a command that [`Server::command`] has made, and waits until it is ready.
    pub(crate) fn spawn(&mut self, command: Command) {
        self.try_spawn(command).unwrap_or_else(|finding| finding.fail());
    }

    fn try_spawn(&mut self, command: Command) -> Result<(), Finding> {
        self.begin(command)?;
        self.gets_ready()
    }

    /// Starts a second server on the same directory, which should end soon, with an error.
    ///
    /// # Panics
    /// If it does not end.
    pub fn rival(&self) -> std::process::Output {
        let mut command = self.command();
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut rival = command.spawn().expect("the server can be started");
        let ended = wait::patiently(START_MAX, || rival.try_wait().expect("it is our child"));
        if ended.is_none() {
            rival.kill().expect("a child can be killed");
        }
        let output = rival.wait_with_output().expect("a child can be waited for");
        assert!(ended.is_some(), "it runs beside the first one: {output:?}");
        output
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(self.target.program());
        command.args(self.target.words()).arg("--dir").arg(self.dir()).args(&self.options);
        command.stdin(Stdio::null()).stderr(self.log_stream());
        let says_where = self.options.iter().any(|option| option == "--listen");
        if self.stage().mechanism().has_address() && !says_where {
            command.arg("--listen").arg(address::to_listen_on(&self.dir()));
        }
        sys::tie_to_this_thread(&mut command);
        command
    }

    /// Where it logs: a foreign server may log without end, and so not into a file.
    fn log_stream(&self) -> Stdio {
        if self.target.author() == Author::Stranger {
            return Stdio::piped();
        }
        let log = File::options().append(true).create(true).open(self.base.path().join("stderr"));
        log.expect("the base is ours").into()
    }

    /// The stage whose mechanism it serves.
    pub fn stage(&self) -> Stage {
        self.target.stage()
    }

    /// Which server it is.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The PID of the server's first process.
    ///
    /// # Panics
    /// If it does not run.
    pub fn pid(&self) -> i32 {
        self.child.as_ref().expect("the server runs").id() as i32
    }

    /// Sends a signal to the first process.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid()), signal).expect("the server runs");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if panicking() {
            eprintln!("the server of the failed test logged:\n{}", self.last_words());
            self.end();
        } else if self.child.is_some() {
            self.stop();
        } else {
            // A crash leaves its objects to the next start, which a test must not leave to the next
            // test.
            assert!(!self.crashed, "a test that kills a server starts it once more");
        }
    }
}
