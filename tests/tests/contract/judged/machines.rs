//! Machines that lack something, or have odd names and signals: what can be judged is judged.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;

use harness::machine::capability::{Capability, has};
use harness::runner::SKIPPED;
use harness::stage::{ALL, Mechanism, Stage, program, skip};

use super::{CHECK, said};

/// A run of a program in which some system calls of its main thread fail; None, and a word, without
/// strace.
fn failing(test: &str, calls: &str, errno: &str, command: &Command) -> Option<Command> {
    let can = Command::new("strace").args(["-o", "/dev/null", "true"]).status();
    if !can.is_ok_and(|status| status.success()) {
        skip(test, "strace, and the right to use it");
        return None;
    }
    let mut strace = Command::new("strace");
    strace.args(["-qq", "-o", "/dev/null", "-e"]);
    strace.arg(format!("trace={calls}")).arg("-e").arg(format!("inject={calls}:error={errno}"));
    strace.arg(command.get_program()).args(command.get_args());
    Some(strace)
}

/// The check asked of a stage's own server.
fn asked(stage: Stage) -> Command {
    let mut command = Command::new(program("check"));
    command.args([CHECK, stage.package()]);
    command
}

#[test]
fn without_an_ipc_namespace_it_is_said_once_and_judged_all_the_same() {
    let name = "without_an_ipc_namespace_it_is_said_once_and_judged_all_the_same";
    for errno in ["EPERM", "ENOSPC", "ENOSYS"] {
        for stage in [Stage::Q1Pipes, Stage::Q3Threads, Stage::Q6Watchdog] {
            let Some(mut command) = failing(name, "unshare", errno, &asked(stage)) else { return };
            let (status, text) = said(&mut command);
            assert!(status == Some(0) && text.contains("\nkept"), "{text}");
            let words = format!("works without an IPC namespace ({errno}), and looks less closely");
            assert_eq!(text.matches(&words).count(), 1, "{text}");
        }
    }
}

#[test]
fn without_system_v_ipc_the_stages_that_need_none_are_judged() {
    let name = "without_system_v_ipc_the_stages_that_need_none_are_judged";
    for errno in ["ENOSYS", "EPERM"] {
        for stage in ALL {
            let calls = "msgget,shmget,semget";
            let Some(mut command) = failing(name, calls, errno, &asked(stage)) else { return };
            let (status, text) = said(&mut command);
            let (expected, words) = match stage.mechanism() {
                Mechanism::Pipes | Mechanism::Sockets | Mechanism::Tls => (0, "\nkept"),
                Mechanism::Queues => {
                    (SKIPPED, ": needs System V message queues, which this kernel")
                }
                Mechanism::Dispatcher => (SKIPPED, ": needs System V shared memory, which this"),
            };
            assert!(status == Some(expected) && text.contains(words), "{status:?}: {text}");
            assert_eq!(text.contains(&format!("skipped {CHECK}")), expected == SKIPPED, "{text}");
        }
    }
}

#[test]
fn tables_of_the_kernel_that_are_hidden_hide_nobodys_server() {
    let name = "tables_of_the_kernel_that_are_hidden_hide_nobodys_server";
    if !has(&[Capability::SysAdmin]) {
        return skip(name, "CAP_SYS_ADMIN, to mount something over /proc/sysvipc");
    }
    let mut hidden = Command::new("unshare");
    let script = r#"mount -t tmpfs none /proc/sysvipc && exec "$0" "$@""#;
    hidden.args(["-m", "sh", "-c", script]).arg(env::current_exe().unwrap());
    hidden.args([CHECK, "--skip", "plain"]);
    let (status, text) = said(&mut hidden);
    assert!(status == Some(0) && text.contains(&format!("{} passed", ALL.len())), "{text}");
    let words = "works without /proc/sysvipc/msg (entity not found), and looks less closely";
    assert_eq!(text.matches(words).count(), 1, "{text}");
}

#[test]
fn a_temporary_folder_may_have_any_name() {
    let base = tempfile::tempdir().unwrap();
    let odd = base.path().join(OsStr::from_bytes(b"a b\xff'\n"));
    fs::create_dir(&odd).unwrap();
    for stage in ALL {
        let server = program(&format!("{}-server", stage.package()));
        let mut command = Command::new(program("check"));
        command.args([CHECK, stage.package(), "--server"]).arg(server).env("TMPDIR", &odd);
        let (status, text) = said(&mut command);
        assert!(status == Some(0) && text.contains("\nkept"), "{text}");
    }
    // A check that gives strace a path in it.
    let mut command = Command::new(program("check"));
    command.arg("durability::a_failed_sync_is_never_acknowledged_and_ends_the_server");
    let (status, text) = said(command.env("TMPDIR", &odd));
    assert!(status == Some(0) || text.contains("skipped"), "{text}");
    assert_eq!(fs::read_dir(&odd).unwrap().count(), 0, "nothing stays in it");
}

#[test]
fn a_test_program_undoes_what_it_inherited() {
    // Where SIGCHLD is ignored nobody can wait for a child, as this test does.
    let mut odd = Command::new("env");
    odd.args(["--ignore-signal=CHLD,ALRM", "--block-signal"]).arg(env::current_exe().unwrap());
    odd.args(["--exact", "verdict::a_run_in_which_nothing_is_judged_is_no_pass"]);
    let (status, text) = said(&mut odd);
    assert!(status == Some(0) && text.contains("1 passed"), "{text}");
}

#[test]
fn without_the_capability_a_test_is_skipped_and_not_failed() {
    let name = "without_the_capability_a_test_is_skipped_and_not_failed";
    if !has(&[Capability::SysAdmin]) {
        return skip(name, "CAP_SYS_ADMIN, to give it up");
    }
    let mut root = Command::new("setpriv");
    root.args(["--bounding-set=-sys_admin", "--inh-caps=-sys_admin", "--"]);
    root.arg(env::current_exe().unwrap()).arg("a_place_that_cannot_be_written_is_refused");
    let (status, text) = said(&mut root);
    let skipped = text.matches("skipped a_place_that_cannot_be_written_is_refused: needs").count();
    assert!(status == Some(0) && skipped == ALL.len(), "{text}");
}

#[test]
fn no_test_takes_uid_0_for_a_right() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut open = vec![root.join("src"), root.join("tests")];
    let mut wrong = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if fs::read_to_string(&path).unwrap().contains(concat!(".is_", "root()")) {
            wrong.push(path);
        }
    }
    assert!(wrong.is_empty(), "ask for the capability instead: {wrong:?}");
}
