//! What a new user meets in the first hour: pipes that close, a full disk behind `>`, Ctrl-C, odd
//! paths, an odd umask, a narrow terminal.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

use std::fs::{self};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use harness::server::Server;
use harness::stage::Stage;
use harness::target::Target;
use harness::{processes, wait};
use rstest_reuse::template;

/// One case for each stage, named after it.
#[template]
#[rstest::rstest]
#[case::q1_pipes(Stage::Q1Pipes)]
#[case::q2_msgqueue(Stage::Q2Msgqueue)]
#[case::q3_threads(Stage::Q3Threads)]
#[case::q4_thread_per_request(Stage::Q4ThreadPerRequest)]
#[case::q5_sockets(Stage::Q5Sockets)]
#[case::q6_watchdog(Stage::Q6Watchdog)]
#[case::q7_tls(Stage::Q7Tls)]
#[case::q9_events(Stage::Q9Events)]
fn every_stage(#[case] stage: Stage) {}

/// Longer than anything here takes on a loaded machine.
const SOON: Duration = Duration::from_secs(10);

/// Runs a command to its end: its status, stdout and stderr.
fn run(command: &mut Command) -> (ExitStatus, String, String) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status, text(&output.stdout), text(&output.stderr))
}

/// Runs a command whose stdout is a pipe that nobody reads.
fn run_unread(command: &mut Command) -> (ExitStatus, String) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    run_into(command, writer)
}

/// Runs a command whose stdout is this.
fn run_into(command: &mut Command, out: impl Into<Stdio>) -> (ExitStatus, String) {
    let child = command.stdin(Stdio::null()).stdout(out).stderr(Stdio::piped()).spawn().unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status, String::from_utf8(output.stderr).unwrap())
}

/// A run of a program by a shell that has done something first.
fn after(preparation: &str, command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{preparation}; exec \"$0\" \"$@\"")]);
    shell.arg(command.get_program()).args(command.get_args());
    shell
}

fn server_command(stage: Stage, dir: &Path) -> Command {
    let mut command = Command::new(Target::from(stage).program());
    command.arg("--dir").arg(dir);
    if stage.mechanism().has_address() {
        command.args(["--listen", "127.0.0.1:0"]);
    }
    command
}

/// Starts a client of a server that is stopped, and waits until it sleeps in the call that receives.
fn client_that_waits(server: &Server, words: &[&str]) -> Child {
    let mut command = server.client_program(words);
    let child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let receives = [libc::SYS_read, libc::SYS_msgrcv, libc::SYS_recvfrom];
    let call = format!("/proc/{}/syscall", child.id());
    wait::until_true("the client waits", SOON, || {
        let call = fs::read_to_string(&call).unwrap_or_default();
        let number = call.split(' ').next().unwrap_or_default().parse();
        // Of a read, the descriptor too: the dynamic linker's are short and of regular files.
        number.is_ok_and(|number: i64| receives.contains(&number))
            && processes::of_process(child.id() as i32).iter().all(|thread| thread.state == 'S')
    });
    child
}

mod answers;
mod hints;
mod inherited;
