//! The programs about signals.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output};

use nix::sys::signal::Signal;
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::{Pid, geteuid, getpgid, getpgrp};

use crate::program::{Program, has_signal, number, pid};

const PROBE: &str = env!("CARGO_BIN_EXE_signal-probe");

fn probe(pid: i32) -> (Option<i32>, String) {
    let Output { status, stdout, .. } =
        Command::new(PROBE).arg(pid.to_string()).output().expect("it starts");
    (status.code(), String::from_utf8(stdout).expect("it is text"))
}

#[test]
fn signal_0_tells_living_zombie_and_gone() {
    let (code, text) = probe(std::process::id() as i32);
    assert_eq!(code, Some(0));
    assert!(text.contains("= 0: process") && !text.contains("zombie"), "{text}");

    let mut child = Command::new("true").spawn().unwrap();
    let pid = child.id() as i32;
    waitid(Id::Pid(Pid::from_raw(pid)), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT).unwrap();
    let (code, text) = probe(pid);
    assert_eq!(code, Some(0), "kill finds a zombie");
    assert!(text.contains("it is a zombie"), "{text}");

    child.wait().unwrap();
    let (code, text) = probe(pid);
    assert_eq!(code, Some(1));
    assert!(text.contains("ESRCH"), "{text}");
    assert_eq!(probe(-1).0, Some(2), "-1 is no process");
}

#[test]
fn signal_0_finds_a_process_of_another_user() {
    // A copy that everybody may execute, started as nobody if we are root: root may signal all. It
    // is made by cp: a file that this process has open for writing, or a child of another thread
    // for a moment, cannot be executed (ETXTBSY).
    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("signal-probe");
    assert!(Command::new("cp").args([Path::new(PROBE), &copy]).status().unwrap().success());
    fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new(&copy);
    if geteuid().is_root() {
        command.uid(65534).gid(65534);
    }
    let Output { status, stdout, .. } = command.arg("1").output().unwrap();
    let text = String::from_utf8(stdout).unwrap();
    assert_eq!(status.code(), Some(0));
    // In some containers PID 1 is ours.
    let ours = !geteuid().is_root() && fs::metadata("/proc/1").unwrap().uid() == geteuid().as_raw();
    assert!(text.contains(if ours { "= 0" } else { "EPERM" }), "{text}");
}

#[test]
fn a_signal_to_a_group_ends_its_members_and_nobody_else() {
    let mut program = Program::start(env!("CARGO_BIN_EXE_signal-group"), &[]);
    for (step, signal) in [("send SIGTERM to -", "SIGTERM"), ("send SIGUSR1 to 0", "SIGUSR1")] {
        let group = pid(&program.line("three children are group"), "group");
        program.line(step);
        assert_eq!(getpgid(Some(group)), Ok(group), "the first member leads");
        assert_eq!(getpgid(Some(program.pid())), Ok(getpgrp()), "the program stays in our group");
        program.enter();
        for _ in 0..3 {
            assert!(program.line("was killed by").ends_with(signal));
        }
    }
    program.line("got neither");
    assert!(program.end().0.success());
}

#[test]
fn an_ignored_signal_does_nothing_until_its_default_is_restored() {
    let mut program = Program::start(env!("CARGO_BIN_EXE_signal-ignore"), &[]);
    assert!(program.line("SIGKILL").ends_with("Invalid argument"));
    program.line("press Enter");
    assert!(has_signal(program.pid(), "SigIgn", Signal::SIGINT));
    program.kill(Signal::SIGINT);
    assert!(!has_signal(program.pid(), "ShdPnd", Signal::SIGINT), "ignored is not pending");
    program.enter();
    program.line("press Enter to end");
    assert!(!has_signal(program.pid(), "SigIgn", Signal::SIGINT));
    program.kill(Signal::SIGINT);
    program.ends_by(Signal::SIGINT);
}

#[test]
fn a_handler_takes_its_signals_until_their_default_is_restored() {
    let mut program = Program::start(env!("CARGO_BIN_EXE_signal-handler"), &[]);
    program.line("press Enter");
    for signal in [Signal::SIGUSR1, Signal::SIGUSR2] {
        assert!(has_signal(program.pid(), "SigCgt", signal));
        for times in 1..=3 {
            program.kill(signal);
            assert_eq!(number(&program.line("handled"), signal.as_str()), times);
        }
    }
    program.enter();
    program.line("press Enter to end");
    assert!(!has_signal(program.pid(), "SigCgt", Signal::SIGUSR1));
    program.kill(Signal::SIGUSR1);
    program.ends_by(Signal::SIGUSR1);
}

#[test]
fn blocked_signals_are_pending_and_do_not_queue() {
    let mut program = Program::start(env!("CARGO_BIN_EXE_signal-mask"), &[]);
    let line = program.line("SIGUSR1 is pending");
    assert_eq!(number(&line, "run"), 0);
    program.line("press Enter");
    for set in ["SigBlk", "ShdPnd", "SigCgt"] {
        assert!(has_signal(program.pid(), set, Signal::SIGUSR1), "{set}");
    }
    // And as many more as anybody likes.
    program.kill(Signal::SIGUSR1);
    program.enter();
    let line = program.line("SIGUSR1 is not pending");
    assert_eq!(number(&line, "run"), 1);
    assert!(program.end().0.success());
}

#[test]
fn an_alarm_rings_when_it_should_and_sigquit_leaves_no_core() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_signal-alarm"));
    command.current_dir(directory.path()).env("TMPDIR", directory.path());
    let program = Program::spawn(command);
    program.line("sleeps until");
    program.line("from another");
    let pid = program.pid();
    assert!(has_signal(pid, "SigCgt", Signal::SIGALRM));
    let seconds = program.line("its handler ran").replace("SIGALRM after ", "");
    assert!(seconds.split(' ').next().unwrap().parse::<f64>().unwrap() >= 1.0, "{seconds}");
    for signal in ["SIGALRM", "SIGUSR1", "SIGUSR2", "SIGQUIT"] {
        assert!(program.line("was killed by").ends_with(signal));
    }
    assert!(program.end().0.success());
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "nothing is left behind");
}

#[test]
fn a_core_file_is_written_if_asked_for_and_removed() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_signal-alarm"));
    command.current_dir(directory.path()).env("TMPDIR", directory.path()).arg("--core");
    let (status, lines) = Program::spawn(command).end();
    let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap();
    let hard_limit = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_CORE);
    if pattern.contains(['/', '|']) {
        assert_eq!(status.code(), Some(2), "such a core could not be removed: {lines:?}");
    } else if hard_limit.unwrap().1 > 0 {
        assert_eq!(status.code(), Some(0));
        let core = lines.iter().find(|line| line.starts_with("its core file has")).unwrap();
        assert!(number(core, "has") > 4096, "{core}");
        assert!(lines.iter().any(|line| line.ends_with("SIGQUIT (core dumped)")), "{lines:?}");
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "nothing is left behind");
}
