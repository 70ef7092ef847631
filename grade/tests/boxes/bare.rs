//! Programs that are started without a box.

use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

use grade::launch::launcher::Launcher;
use grade::launch::program::{Program, Streams};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

fn program(line: &str) -> Program {
    Program {
        argv: ["sh", "-c", line].map(Into::into).to_vec(),
        cwd: PathBuf::from("/"),
        env: vec![("NAME".into(), "value".into())],
    }
}

fn log() -> (tempfile::NamedTempFile, Streams) {
    let file = tempfile::NamedTempFile::new().unwrap();
    let streams = Streams::Log(File::create(file.path()).unwrap());
    (file, streams)
}

const LONG: Duration = Duration::from_secs(20);

#[test]
fn a_program_runs_where_it_is_told_with_what_it_is_given() {
    let launcher = Launcher::bare();
    assert_eq!(launcher.isolation(), "none");
    let (file, streams) = log();
    let mut process = launcher.start(&program("pwd; echo $NAME; exit 7"), streams).unwrap();
    let status = process.wait_for(LONG).unwrap().unwrap();
    assert_eq!(status.code(), Some(7));
    assert_eq!(std::fs::read_to_string(file.path()).unwrap(), "/\nvalue\n");
}

#[test]
fn a_program_on_a_terminal_has_it_and_does_not_lead_its_session() {
    let pty = nix::pty::openpty(None, None).unwrap();
    let line = "test $(ps -o sid= -p $$) -ne $$ && test $(ps -o tpgid= -p $$) -eq $$";
    let mut process = Launcher::bare().start(&program(line), Streams::Terminal(pty.slave)).unwrap();
    assert_eq!(process.wait_for(LONG).unwrap().unwrap().code(), Some(0));
}

#[test]
fn a_program_dies_with_its_handle() {
    let pty = nix::pty::openpty(None, None).unwrap();
    let (_file, streams) = log();
    for streams in [streams, Streams::Terminal(pty.slave)] {
        let process = Launcher::bare().start(&program("exec sleep 1000"), streams).unwrap();
        let pid = Pid::from_raw(process.pid());
        process.signal(Signal::SIGCONT).unwrap();
        drop(process);
        assert!(kill(pid, None).is_err(), "it is neither alive nor a zombie");
    }
}

#[test]
fn what_cannot_be_started_is_an_error_and_leaves_nobody() {
    let pty = nix::pty::openpty(None, None).unwrap();
    let (_file, streams) = log();
    for streams in [streams, Streams::Terminal(pty.slave)] {
        let absent = Program { cwd: PathBuf::from("/absent"), ..program("true") };
        let error = Launcher::bare().start(&absent, streams).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ENOENT));
    }
}

#[test]
fn nothing_of_ours_is_open_in_a_program() {
    // Unlike a file that std opens, a copy stays open in exec.
    let open = nix::unistd::dup(std::io::stdin()).unwrap();
    let (file, streams) = log();
    let mut process = Launcher::bare().start(&program("exec ls /proc/self/fd"), streams).unwrap();
    process.wait_for(LONG).unwrap().unwrap();
    drop(open);
    // The fourth is the folder that ls reads.
    assert_eq!(std::fs::read_to_string(file.path()).unwrap(), "0\n1\n2\n3\n");
}
