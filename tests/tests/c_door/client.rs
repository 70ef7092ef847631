//! The client in C against the server of every stage.

use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use harness::address;
use harness::c::Program;
use harness::processes;
use harness::server::Server;
use harness::stage::{ALL, Mechanism};
use harness::wait;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// Twice what the client in C waits for an answer.
const END_MAX: Duration = Duration::from_secs(10);

/// A question of the client in C to a server, whatever its mechanism.
fn question(client: &Program, server: &Server, words: &[&str]) -> Command {
    let mut command = client.command();
    match server.stage().mechanism() {
        Mechanism::Pipes => command.arg("pipes").arg("--dir").arg(server.dir()),
        Mechanism::Queues => command.arg("queues").arg("--dir").arg(server.dir()),
        Mechanism::Sockets | Mechanism::Dispatcher => {
            command.arg("sockets").arg("--connect").arg(address::of(&server.dir()))
        }
    };
    command.args(words);
    command
}

/// Runs a program that ends by itself; exit status, stdout, stderr.
pub(crate) fn run(command: &mut Command) -> (i32, String, String) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    end(&mut child);
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// Waits for a program to end, and kills it if it does not.
pub(crate) fn end(child: &mut Child) -> ExitStatus {
    let ended = wait::until(END_MAX, || child.try_wait().unwrap());
    ended.unwrap_or_else(|| {
        child.kill().unwrap();
        child.wait().unwrap();
        panic!("it does not end")
    })
}

#[test]
fn every_stage_answers_the_client_in_c() {
    let Some(client) = Program::compile("every_stage_answers_the_client_in_c", "client") else {
        return;
    };
    for stage in ALL {
        let server = Server::start(stage);
        let ask = |words: &[&str]| {
            let (code, out, error) = run(&mut question(&client, &server, words));
            assert!(error.is_empty() || code == 2, "{words:?}: {error}");
            (code, out)
        };
        let rows = server.table_on_disk().rows;
        let line = |row: &common::record::Spectacle| {
            format!("{:3}  {}: {} seats left\n", row.id, row.title(), row.seats)
        };
        let list: String = rows.iter().filter(|row| row.id != 0).map(line).collect();
        assert_eq!(ask(&["list"]), (0, list), "{stage:?}");
        assert_eq!(ask(&["view", "3"]), (0, "show 3: 120 seats left\n".into()));
        assert_eq!(ask(&["reserve", "3", "2"]), (0, "show 3: 118 seats left\n".into()));
        assert_eq!(server.table_on_disk().rows[2].seats, 118);
        assert_eq!(ask(&["view", "99"]), (1, "there is no such show\n".into()));
        assert_eq!(ask(&["reserve", "3", "119"]), (1, "not enough seats, 118 left\n".into()));
        assert_eq!(ask(&["reserve", "3", "-1"]).0, 1);
        for wrong in [&["view", "x"][..], &["view", "99999999999"], &["sell", "1"], &[]] {
            assert_eq!(ask(wrong), (2, String::new()), "{wrong:?}");
        }
    }
}

#[test]
fn the_client_in_c_never_waits_longer_than_its_timeout() {
    let name = "the_client_in_c_never_waits_longer_than_its_timeout";
    let Some(client) = Program::compile(name, "client") else { return };
    for stage in ALL {
        let server = Server::start(stage);
        let group = Pid::from_raw(server.pid());
        processes::freeze(server.pid());
        for (words, unknown) in [(&["view", "1"][..], false), (&["reserve", "1", "1"], true)] {
            let before = Instant::now();
            let words = [&["--timeout", "0.5"], words].concat();
            let (code, out, error) = run(&mut question(&client, &server, &words));
            let took = before.elapsed();
            assert_eq!((code, out.as_str()), (2, ""), "{stage:?}");
            assert!(error.contains("no answer within 0.5 s"), "{stage:?}: {error}");
            assert_eq!(error.contains("the outcome is unknown"), unknown, "{stage:?}: {error}");
            let limits = Duration::from_millis(500)..Duration::from_secs(2);
            assert!(limits.contains(&took), "{stage:?}: {took:?}");
        }
        killpg(group, Signal::SIGCONT).unwrap();
    }
}

#[test]
fn without_a_server_the_client_in_c_says_so() {
    let Some(client) = Program::compile("without_a_server_the_client_in_c_says_so", "client")
    else {
        return;
    };
    for stage in ALL {
        let mut server = Server::start(stage);
        server.stop();
        let (code, out, error) = run(&mut question(&client, &server, &["reserve", "1", "1"]));
        assert_eq!((code, out.as_str()), (2, ""), "{stage:?}");
        let said = ["client: cannot ", "(is the server running?)", "nothing was reserved"];
        assert!(said.iter().all(|words| error.contains(words)), "{stage:?}: {error}");
        server.assert_nothing_left(i32::MAX);
    }
}
