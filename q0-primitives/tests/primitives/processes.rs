//! The programs about processes: fork, states, zombie, orphan, reap, exec.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use common::program::process;
use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::program::{Program, has_signal, number, pid, status};

fn state(pid: Pid) -> Option<char> {
    process::state(pid.as_raw())
}

#[test]
fn parent_and_child_have_the_same_address_and_different_values() {
    let mut program = Program::start(env!("CARGO_BIN_EXE_fork"), &[]);
    let before = program.line("before:");
    program.line("after");
    // Either may come first.
    let mut lines = [program.line("process"), program.line("process")];
    lines.sort();
    let [child, parent] = lines;
    assert!(child.starts_with("in child:") && parent.starts_with("in parent:"));
    assert_eq!((number(&before, "value"), number(&child, "value")), (1, 11));
    assert_eq!(number(&parent, "value"), 101);
    let address = |line: &str| line.split(" at ").nth(1).unwrap()[..14].to_owned();
    assert_eq!(address(&child), address(&parent));
    assert_eq!(pid(&parent, "process"), program.pid());
    assert_eq!(pid(&parent, "gave"), pid(&child, "process"));
    assert_eq!(status(pid(&child, "process"), "PPid"), program.pid().to_string());
    program.enter();
    program.line("exited with status 0");
    assert!(program.end().0.success());
}

#[test]
fn a_process_is_seen_in_each_of_its_states() {
    let mut program = Program::start(env!("CARGO_BIN_EXE_states"), &[]);
    let mut child = Pid::from_raw(0);
    for expected in ['R', 'S', 'T', 'S', 'Z'] {
        let line = program.line("is in state");
        assert!(line.contains(&format!("in state {expected}:")), "{line}");
        child = pid(&line, "process");
        assert_eq!(state(child), Some(expected));
        program.line("press Enter");
        program.enter();
    }
    program.line("was killed by SIGTERM");
    assert_eq!(state(child), None);
    assert!(program.end().0.success());
}

#[test]
fn a_killed_program_takes_its_stopped_child_with_it() {
    set_child_subreaper(true).unwrap();
    let mut program = Program::start(env!("CARGO_BIN_EXE_states"), &[]);
    program.enter();
    program.enter();
    let child = pid(&program.line("state T"), "process");
    program.kill(Signal::SIGKILL);
    program.ends_by(Signal::SIGKILL);
    let ended = waitpid(child, None);
    assert_eq!(ended, Ok(WaitStatus::Signaled(child, Signal::SIGKILL, false)));
}

#[test]
fn a_zombie_stays_until_its_parent_waits_for_it() {
    let mut program = Program::start(env!("CARGO_BIN_EXE_zombie"), &[]);
    let child = pid(&program.line("is a zombie"), "child");
    program.line("press Enter");
    assert_eq!(state(child), Some('Z'));
    assert_eq!(status(child, "PPid"), program.pid().to_string());
    kill(child, Signal::SIGKILL).expect("kill finds a zombie");
    assert_eq!(state(child), Some('Z'), "and does nothing to it");
    program.enter();
    program.line("exited with status 3");
    assert_eq!(state(child), None);
    assert!(program.end().0.success());
}

#[test]
fn an_orphan_gets_the_nearest_subreaper_for_a_parent() {
    // Else it would be PID 1, which in a container may not be one that waits for its children.
    set_child_subreaper(true).unwrap();
    let me = Pid::this();
    for subreaper in [false, true] {
        let arguments: &[_] = if subreaper { &["--subreaper"] } else { &[] };
        let mut program = Program::start(env!("CARGO_BIN_EXE_orphan"), arguments);
        let line = program.line("and left child");
        let (parent, orphan) = (pid(&line, "process"), pid(&line, "child"));
        assert_eq!(state(parent), None, "its first parent is gone");
        program.line("press Enter");
        let adoptive = if subreaper { program.pid() } else { me };
        assert_eq!(status(orphan, "PPid"), adoptive.to_string());
        program.enter();
        assert_eq!(pid(&program.line("getppid"), "gives"), adoptive);
        if subreaper {
            program.line("exited with status 0: collected here");
        } else {
            assert_eq!(waitpid(orphan, None), Ok(WaitStatus::Exited(orphan, 0)));
        }
        assert_eq!(state(orphan), None);
        assert!(program.end().0.success());
    }
}

#[test]
fn one_sigchld_may_stand_for_four_children() {
    let mut program = Program::start(env!("CARGO_BIN_EXE_reap"), &[]);
    program.line("press Enter");
    let children = format!("/proc/{0}/task/{0}/children", program.pid());
    let children = fs::read_to_string(children).unwrap();
    let children: Vec<Pid> =
        children.split_whitespace().map(|pid| Pid::from_raw(pid.parse().unwrap())).collect();
    assert_eq!(children.len(), 4);
    assert!(children.iter().all(|&child| state(child) == Some('Z')));
    assert!(has_signal(program.pid(), "ShdPnd", Signal::SIGCHLD));
    program.enter();
    assert_eq!(number(&program.line("SIGCHLD was taken"), "taken"), 1);
    for end in ["status 0", "status 3", "SIGTERM", "SIGKILL"] {
        assert!(program.line("process").ends_with(end));
    }
    program.line("no child is left");
    program.line("press Enter");
    assert!(children.iter().all(|&child| state(child).is_none()));
    assert!(program.end().0.success());
}

/// The program `exec` in a directory of its own, which holds this source and its temporary files.
fn exec(directory: &Path, source: &str) -> Command {
    fs::write(directory.join("it.c"), source).expect("it can be written");
    fs::create_dir(directory.join("tmp")).expect("it can be made");
    let mut command = Command::new(env!("CARGO_BIN_EXE_exec"));
    command.current_dir(directory).arg("it.c").env("TMPDIR", directory.join("tmp"));
    command.env("PAGER", "cat").env("EDITOR", "echo editor of");
    command
}

#[test]
fn a_compiled_program_runs_in_the_same_process_and_leaves_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let source = "#include <stdio.h>\n#include <unistd.h>\n\
        int main(void) { printf(\"I am %d\\n\", getpid()); fflush(stdout); return getchar(); }\n";
    let mut program = Program::spawn(exec(directory.path(), source));
    program.line("from another terminal");
    assert_eq!(pid(&program.line("now becomes"), "process"), program.pid());
    assert_eq!(pid(&program.line("I am"), "am"), program.pid());
    let executable = fs::read_link(format!("/proc/{}/exe", program.pid())).unwrap();
    assert!(executable.to_string_lossy().ends_with("/program (deleted)"), "{executable:?}");
    assert!(!has_signal(program.pid(), "SigIgn", Signal::SIGPIPE), "as a shell would start it");
    assert!(!has_signal(program.pid(), "SigBlk", Signal::SIGINT));
    assert_eq!(fs::read_dir(directory.path().join("tmp")).unwrap().count(), 0);
    program.types("A");
    assert_eq!(program.end().0.code(), Some(65), "the exit status is the program's");
}

#[test]
fn the_errors_of_a_compilation_are_paged_and_the_editor_is_opened() {
    for (keys, status, editor) in [("\n", 0, true), ("", 1, false)] {
        let directory = tempfile::tempdir().unwrap();
        let mut program = Program::spawn(exec(directory.path(), "int main(void) { return x; }\n"));
        program.types(keys);
        let (ended, lines) = program.end();
        assert_eq!(ended.code(), Some(status));
        let has = |text: &str| lines.iter().any(|line| line.contains(text));
        assert!(has("it.c:1:") && has("error:"), "{lines:?}");
        assert_eq!(has("editor of /"), editor, "{lines:?}");
        assert_eq!(fs::read_dir(directory.path().join("tmp")).unwrap().count(), 0);
    }
}

#[test]
fn an_interrupted_compilation_leaves_no_file() {
    let directory = tempfile::tempdir().unwrap();
    // A compiler that takes its time; written by a shell, so that no thread of ours has it open.
    let script = "printf '#!/bin/sh\\nexec sleep 30\\n' > cc && chmod +x cc";
    let mut shell = Command::new("sh");
    assert!(shell.args(["-c", script]).current_dir(&directory).status().unwrap().success());
    let path = format!("{}:/usr/bin:/bin", directory.path().display());
    let mut command = exec(directory.path(), "");
    command.env("PATH", path).process_group(0);
    let program = Program::spawn(command);
    let children = format!("/proc/{0}/task/{0}/children", program.pid());
    let comm = |pid: &str| fs::read_to_string(format!("/proc/{}/comm", pid.trim()));
    program.until(|| {
        comm(&fs::read_to_string(&children).unwrap()).is_ok_and(|name| name == "sleep\n")
    });
    assert_eq!(fs::read_dir(directory.path().join("tmp")).unwrap().count(), 1);
    // As Ctrl-C does it.
    kill(Pid::from_raw(-program.pid().as_raw()), Signal::SIGINT).unwrap();
    program.ends_by(Signal::SIGINT);
    assert_eq!(fs::read_dir(directory.path().join("tmp")).unwrap().count(), 0);
}

#[test]
fn what_cannot_be_compiled_is_said() {
    let output = Command::new(env!("CARGO_BIN_EXE_exec")).arg("/none.c").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = "exec: cannot open /none.c: No such file or directory\n";
    assert_eq!(String::from_utf8(output.stderr).unwrap(), error);

    let directory = tempfile::tempdir().unwrap();
    let output = exec(directory.path(), "").env("PATH", "/none").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = "exec: cannot execute cc: it is not installed\n";
    assert_eq!(String::from_utf8(output.stderr).unwrap(), error);
}
