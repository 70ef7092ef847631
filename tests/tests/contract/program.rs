//! The client program: commands, JSON, the menu, and its exit status.

use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use harness::processes;
use harness::server::Server;
use harness::stage::Stage;
use nix::sys::signal::Signal;
use rstest_reuse::apply;

use crate::every_stage;

/// Runs a command with this input; exit status, stdout, stderr.
fn run(command: &mut Command, input: &str) -> (i32, String, String) {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[apply(every_stage)]
fn each_command_prints_its_answer_and_exits_by_it(stage: Stage) {
    let server = Server::start(stage);
    let ask = |words: &[&str]| run(&mut server.client_program(words), "");
    let (code, out, _) = ask(&["list"]);
    assert_eq!(code, 0);
    assert!(out.contains("La Flûte enchantée         22/01/2027         120"), "{out}");
    assert_eq!(ask(&["view", "3"]), (0, "show 3: 120 seats left\n".into(), String::new()));
    assert_eq!(
        ask(&["reserve", "3", "2"]),
        (0, "show 3: 2 seats reserved, 118 left\n".into(), String::new())
    );
    for refused in [
        ["reserve", "3", "119"],
        ["reserve", "3", "0"],
        ["reserve", "3", "-2"],
        ["reserve", "99", "1"],
    ] {
        let (code, out, error) = ask(&refused);
        assert_eq!((code, out.is_empty(), error.as_str()), (1, false, ""), "{refused:?}");
    }
    for usage in [
        &["reserve", "3", "99999999999"][..],
        &["view", "three"],
        &["fly"],
        &["--json"],
        &["--timeout", "0", "list"],
    ] {
        let (code, out, error) = ask(usage);
        assert_eq!((code, out.as_str(), error.is_empty()), (2, "", false), "{usage:?}");
    }
}

#[apply(every_stage)]
fn json_is_one_object(stage: Stage) {
    let server = Server::start(stage);
    let ask = |words: &[&str]| {
        let (code, out, error) = run(&mut server.client_program(words), "");
        assert_eq!((out.lines().count(), error.as_str()), (1, ""), "{out}");
        (code, serde_json::from_str::<serde_json::Value>(&out).unwrap())
    };
    let (code, answer) = ask(&["--json", "reserve", "3", "2"]);
    assert_eq!(
        (code, &answer["status"], &answer["show"], &answer["seats"]),
        (0, &"ok".into(), &3.into(), &118.into())
    );
    assert!(answer["server"].as_i64().unwrap() > 0);
    let (code, answer) = ask(&["--json", "view", "99"]);
    assert_eq!((code, &answer["status"]), (1, &"unknown_show".into()));
    let (_, answer) = ask(&["--json", "list"]);
    assert_eq!(answer["shows"].as_array().unwrap().len(), 8);
    assert_eq!(answer["shows"][2]["title"], "La Flûte enchantée");
}

#[apply(every_stage)]
fn the_menu_works_from_a_pipe_and_survives_any_input(stage: Stage) {
    let server = Server::start(stage);
    let input = "abc\n99999999999\n\n1\n3\n2\n3\nx\n2\n3\n99999999999\n2\n3\n2\n0\n";
    let (code, out, error) = run(&mut server.client_program(&[]), input);
    assert_eq!((code, error.as_str()), (0, ""), "{out}");
    assert!(
        out.contains("show 3: 120 seats left")
            && out.contains("show 3: 2 seats reserved, 118 left"),
        "{out}"
    );
    for end in ["", "1", "1\n", "2\n3", "\u{0}\n"] {
        assert_eq!(run(&mut server.client_program(&[]), end).0, 0, "{end:?}");
    }
    assert_eq!(server.client().view(3), 118);
}

#[apply(every_stage)]
fn without_a_server_the_client_says_how_to_start_one(stage: Stage) {
    let mut server = Server::prepare(stage, &[]);
    let ask = |server: &Server| {
        let before = Instant::now();
        let (code, out, error) = run(&mut server.client_program(&["view", "1"]), "");
        assert_eq!((code, out.as_str()), (2, ""), "{error}");
        assert!(
            error.starts_with(stage.mechanism().not_found())
                && error.contains("is the server running?"),
            "{error}"
        );
        assert!(before.elapsed() < Duration::from_secs(2));
    };
    ask(&server);
    server.launch();
    server.stop();
    ask(&server);
    std::fs::remove_dir_all(server.dir()).unwrap();
    ask(&server);
    std::fs::create_dir(server.dir()).unwrap();
}

#[apply(every_stage)]
fn a_client_never_waits_longer_than_its_timeout(stage: Stage) {
    let server = Server::start(stage);
    let group = nix::unistd::Pid::from_raw(server.pid());
    processes::freeze(server.pid());
    for (words, unknown) in [(&["view", "1"][..], false), (&["reserve", "1", "1"], true)] {
        let before = Instant::now();
        let words = [&["--timeout", "0.5"], words].concat();
        let (code, out, error) = run(&mut server.client_program(&words), "");
        let took = before.elapsed();
        assert_eq!((code, out.as_str()), (2, ""));
        assert!(error.contains("no answer within 0.5 s"), "{error}");
        let unknown = unknown && !stage.mechanism().asks_where_first();
        assert_eq!(error.contains("the outcome is unknown"), unknown, "{error}");
        assert!(took >= Duration::from_millis(500) && took < Duration::from_secs(2), "{took:?}");
    }
    nix::sys::signal::killpg(group, Signal::SIGCONT).unwrap();
    // The reservation was in the queue: it may be made or not, but the server goes on.
    let left = server.client().view(1);
    assert!([199, 200].contains(&left), "{left}");
}

#[apply(every_stage)]
fn an_answer_that_finds_no_room_in_a_file_is_repeated(stage: Stage) {
    let server = Server::start(stage);
    let client = server.client_program(&["reserve", "1", "2"]);
    let mut limited = Command::new("sh");
    limited.args(["-c", r#"ulimit -f 0; exec "$0" "$@""#]).arg(client.get_program());
    limited.args(client.get_args()).stdout(tempfile::tempfile().unwrap());
    let Output { status, stderr, .. } = limited.stderr(Stdio::piped()).output().unwrap();
    let error = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(3), "{status}: {error}");
    assert!(error.contains("the answer was: show 1: 2 seats reserved"), "{error}");
}
