//! A server and its clients in different namespaces, where the same number means another process or
//! another queue.

use std::process::{Child, Command, Stdio};

use harness::c::Program;
use harness::server::Server;
use harness::stage::{Mechanism, Stage, is_ours, skip};
use harness::target::Target;
use rstest::rstest;

use crate::ended;

/// Whether this machine lets us make namespaces; says so if it does not.
fn can_unshare(test: &str) -> bool {
    let made = Command::new("unshare").args(["-pfi", "true"]).output();
    let can = made.is_ok_and(|output| output.status.success());
    if !can {
        skip(test, "the right to make PID and IPC namespaces");
    }
    can
}

#[rstest]
#[case::q1_pipes(Stage::Q1Pipes)]
#[case::q2_msgqueue(Stage::Q2Msgqueue)]
#[case::q3_threads(Stage::Q3Threads)]
#[case::q4_thread_per_request(Stage::Q4ThreadPerRequest)]
fn clients_of_another_namespace_are_refused_before_anything_is_sold(#[case] stage: Stage) {
    let name = "clients_of_another_namespace_are_refused_before_anything_is_sold";
    if !is_ours(name) || !can_unshare(name) {
        return;
    }
    let Some(in_c) = Program::compile(name, "client") else { return };
    let server = Server::start(stage);
    let has_queues = stage.mechanism() == Mechanism::Queues;
    let mechanism = if has_queues { "queues" } else { "pipes" };
    let client = |options: &str, is_c: bool| -> Child {
        let mut command = Command::new("unshare");
        command.arg(options);
        match is_c {
            true => command.arg(in_c.path()).arg(mechanism),
            false => command.arg(stage.client()),
        };
        command.arg("--dir").arg(server.dir()).args(["reserve", "1", "1"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let kinds = if has_queues { &[("-pf", "PID"), ("-i", "IPC")][..] } else { &[("-pf", "PID")] };
    for (options, kind) in kinds {
        // Two of each: each is the first process of a namespace, and so they have the same PID.
        let twins = [false, true, false, true].map(|is_c| client(options, is_c));
        for twin in twins {
            let output = twin.wait_with_output().unwrap();
            let error = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(2), "{error}");
            assert!(error.contains(&format!("in another {kind} namespace")), "{error}");
        }
    }
    assert_eq!(server.client().view(1), 200, "nothing was sold");
}

#[rstest]
#[case::q1_pipes(Stage::Q1Pipes)]
#[case::q4_thread_per_request(Stage::Q4ThreadPerRequest)]
#[case::q6_watchdog(Stage::Q6Watchdog)]
fn a_second_server_is_told_of_the_first_ones_namespace(#[case] stage: Stage) {
    let name = "a_second_server_is_told_of_the_first_ones_namespace";
    if !is_ours(name) || !can_unshare(name) {
        return;
    }
    let mut server = Server::prepare(stage, &[]);
    let mut first = Command::new("unshare");
    first.args(["-pf", "--kill-child"]).arg(Target::from(stage).program());
    first.arg("--dir").arg(server.dir());
    if stage.mechanism().has_address() {
        first.args(["--listen", "127.0.0.1:0"]);
    }
    server.launch_as(first);
    let mut second = Command::new(Target::from(stage).program());
    let (code, error) = ended(second.arg("--dir").arg(server.dir()));
    assert_eq!(code, Some(2), "{error}");
    let words = format!("{} runs in", stage.package());
    let where_to = "as process 1 of another PID namespace (process ";
    assert!(error.contains(&words) && error.contains(where_to), "{error}");
    // And from a namespace in which it cannot be seen.
    let mut second = Command::new("unshare");
    second.args(["-pf", "--mount-proc"]).arg(Target::from(stage).program());
    let (code, error) = ended(second.arg("--dir").arg(server.dir()));
    assert!(code == Some(2) && error.contains("cannot be seen from here"), "{error}");
    server.crash();
    server.launch();
}
