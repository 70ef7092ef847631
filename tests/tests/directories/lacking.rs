//! A kernel, a container or a file system that lacks what a stage needs is named, and what to do.

use std::process::Command;
use std::time::Duration;

use harness::server::Server;
use harness::stage::{Mechanism, Stage, is_ours, skip};
use harness::strace::Strace;
use harness::target::Target;
use nix::sys::signal::Signal;
use rstest::rstest;

use crate::ended;

/// A program whose system call of this name fails; None, and a word, without strace.
fn failing(test: &str, call: &str, errno: &str) -> Option<Command> {
    if !Command::new("strace").args(["-o", "/dev/null", "true"]).status().is_ok_and(|s| s.success())
    {
        skip(test, "strace, and the right to use it");
        return None;
    }
    let mut command = Command::new("strace");
    command.args(["-f", "-o", "/dev/null", "-e", &format!("trace={call}"), "-e"]);
    command.arg(format!("inject={call}:error={errno}"));
    Some(command)
}

#[rstest]
#[case::q2_msgqueue(Stage::Q2Msgqueue)]
#[case::q3_threads(Stage::Q3Threads)]
#[case::q4_thread_per_request(Stage::Q4ThreadPerRequest)]
#[case::q6_watchdog(Stage::Q6Watchdog)]
fn without_system_v_ipc_the_stages_that_need_none_are_named(#[case] stage: Stage) {
    let name = "without_system_v_ipc_the_stages_that_need_none_are_named";
    if !is_ours(name) {
        return;
    }
    let words = "no System V IPC: q1-pipes and q5-sockets need none";
    let queues = stage.mechanism() == Mechanism::Queues;
    let call = if queues { "msgget" } else { "shmget" };
    for errno in ["ENOSYS", "EPERM"] {
        let server = Server::prepare(stage, &[]);
        let Some(mut command) = failing(name, call, errno) else { return };
        command.arg(Target::from(stage).program()).arg("--dir").arg(server.dir());
        let (code, error) = ended(&mut command);
        assert!(code == Some(2) && error.contains(words), "{errno}: {error}");
        if queues {
            let server = Server::start(stage);
            let Some(mut command) = failing(name, call, errno) else { return };
            command.arg(stage.client()).arg("--dir").arg(server.dir()).arg("list");
            let (code, error) = ended(&mut command);
            assert!(code == Some(2) && error.contains(words), "{errno}: {error}");
        }
    }
}

#[rstest]
#[case::q1_pipes(Stage::Q1Pipes)]
#[case::q6_watchdog(Stage::Q6Watchdog)]
fn a_file_system_without_fifos_is_named(#[case] stage: Stage) {
    let name = "a_file_system_without_fifos_is_named";
    if !is_ours(name) {
        return;
    }
    for errno in ["EPERM", "EIO", "EOPNOTSUPP"] {
        let server = Server::prepare(stage, &[]);
        let Some(mut command) = failing(name, "mknodat", errno) else { return };
        command.arg(Target::from(stage).program()).arg("--dir").arg(server.dir());
        if stage.mechanism().has_address() {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        let (code, error) = ended(&mut command);
        let words = "this file system cannot hold FIFOs: use a --dir on another one";
        assert!(code == Some(2) && error.contains(words), "{errno}: {error}");
    }
}

#[rstest]
#[case::q1_pipes(Stage::Q1Pipes)]
#[case::q2_msgqueue(Stage::Q2Msgqueue)]
#[case::q3_threads(Stage::Q3Threads)]
fn a_limit_of_waiting_signals_is_named(#[case] stage: Stage) {
    if !is_ours("a_limit_of_waiting_signals_is_named") {
        return;
    }
    let limited = || {
        let mut command = Command::new("prlimit");
        command.arg("--sigpending=0");
        command
    };
    let words = "timer_create: Resource temporarily unavailable (the limit of waiting signals";
    let server = Server::start(stage);
    let mut client = limited();
    client.arg(stage.client()).arg("--dir").arg(server.dir()).arg("list");
    let (code, error) = ended(&mut client);
    assert!(code == Some(2) && error.contains(words), "{error}");
    drop(server);
    // The server of q1 has no timer.
    if stage != Stage::Q1Pipes {
        let server = Server::prepare(stage, &[]);
        let mut command = limited();
        command.arg(Target::from(stage).program()).arg("--dir").arg(server.dir());
        let (code, error) = ended(&mut command);
        assert!(code == Some(2) && error.contains(words), "{error}");
        assert!(!error.contains("failed to fill whole buffer"), "{error}");
    }
}

#[rstest]
#[case::q1_pipes(Stage::Q1Pipes)]
#[case::q6_watchdog(Stage::Q6Watchdog)]
fn what_cannot_be_removed_makes_the_exit_status_2(#[case] stage: Stage) {
    let name = "what_cannot_be_removed_makes_the_exit_status_2";
    if !is_ours(name) {
        return;
    }
    let mut server = Server::start(stage);
    server.client().reserve(1, 1);
    let fault = ["-e", "trace=unlinkat", "-e", "inject=unlinkat:error=EACCES"];
    let Some(strace) = Strace::attach(name, &[server.pid()], &fault) else { return };
    server.signal(Signal::SIGTERM);
    let status = server.wait(Duration::from_secs(10));
    drop(strace);
    assert_eq!(status.code(), Some(2), "{}", server.last_words());
    let said = server.log();
    assert!(said.contains("cannot") && said.contains("Permission denied"), "{said}");
    // The next start removes it.
    server.launch();
    assert_eq!(server.client().view(1), 199);
}
