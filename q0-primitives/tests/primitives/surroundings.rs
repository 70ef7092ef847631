//! Programs in surroundings that are not as usual: a reader that has gone, and what was inherited.

use std::fs;
use std::io::{BufRead, BufReader, Write, pipe};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output, Stdio};

use nix::unistd::Pid;
use q0_primitives::observe;

/// Runs a program to its end with two lines as its input.
fn run(command: &mut Command) -> Output {
    let command = command.stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    // One that has ended reads nothing.
    let _ = child.stdin.take().expect("it is piped").write_all(b"one\ntwo\n");
    child.wait_with_output().expect("it is our child")
}

#[test]
fn a_reader_that_has_gone_ends_a_program_without_a_word() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("x.c");
    fs::write(&source, "int main(void) { return 0; }\n").unwrap();
    let (source, fifo) = (source.to_str().unwrap(), dir.path().join("fifo"));
    let fifo = fifo.to_str().unwrap();
    for words in [
        &[env!("CARGO_BIN_EXE_signal-probe"), "1"][..],
        &[env!("CARGO_BIN_EXE_signal-group")],
        &[env!("CARGO_BIN_EXE_signal-ignore")],
        &[env!("CARGO_BIN_EXE_signal-handler")],
        &[env!("CARGO_BIN_EXE_signal-mask")],
        &[env!("CARGO_BIN_EXE_signal-alarm")],
        &[env!("CARGO_BIN_EXE_fork")],
        &[env!("CARGO_BIN_EXE_states")],
        &[env!("CARGO_BIN_EXE_zombie")],
        &[env!("CARGO_BIN_EXE_orphan")],
        &[env!("CARGO_BIN_EXE_reap")],
        &[env!("CARGO_BIN_EXE_exec"), source],
        &[env!("CARGO_BIN_EXE_pipe"), "--from", "parent"],
        &[env!("CARGO_BIN_EXE_pipe"), "--from", "child"],
        &[env!("CARGO_BIN_EXE_pipe-capacity")],
        &[env!("CARGO_BIN_EXE_fifo-send"), fifo],
        &[env!("CARGO_BIN_EXE_fifo-receive"), fifo],
        &[env!("CARGO_BIN_EXE_threads")],
    ] {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let output = run(Command::new(words[0]).args(&words[1..]).stdout(writer));
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(
            (output.status.signal(), error.as_str()),
            (Some(libc::SIGPIPE), ""),
            "{words:?}"
        );
    }
    assert!(!fs::exists(fifo).unwrap(), "it cleans up first");
}

#[test]
fn a_writer_whose_reader_has_gone_ends_without_a_word_too() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipe"));
    command.args(["--from", "parent"]);
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut program = command.spawn().unwrap();
    let mut keyboard = program.stdin.take().unwrap();
    let out = BufReader::new(program.stdout.take().unwrap());
    assert!(out.lines().any(|line| line.unwrap().contains("reads the keyboard")));
    // Nobody reads now. The child ends at its first line, and the parent finds that out at the next.
    keyboard.write_all(b"one\n").unwrap();
    let children = format!("/proc/{0}/task/{0}/children", program.id());
    let child = fs::read_to_string(children).unwrap().trim().parse().unwrap();
    observe::wait_for_state(Pid::from_raw(child), 'Z').unwrap();
    keyboard.write_all(b"two\n").unwrap();
    drop(keyboard);
    let output = program.wait_with_output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), error.as_str()), (Some(128 + libc::SIGPIPE), ""));
}

#[test]
fn ignored_and_blocked_signals_are_not_inherited() {
    for program in [
        env!("CARGO_BIN_EXE_fork"),
        env!("CARGO_BIN_EXE_orphan"),
        env!("CARGO_BIN_EXE_pipe-capacity"),
        env!("CARGO_BIN_EXE_signal-alarm"),
        env!("CARGO_BIN_EXE_signal-group"),
        env!("CARGO_BIN_EXE_reap"),
        env!("CARGO_BIN_EXE_states"),
        env!("CARGO_BIN_EXE_zombie"),
    ] {
        let mut odd = Command::new("env");
        odd.args(["--ignore-signal=CHLD,ALRM,TERM,USR1,USR2", "--block-signal", program]);
        let output = run(odd.stdout(Stdio::piped()));
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), error.as_str()), (Some(0), ""), "{program}");
    }
}
