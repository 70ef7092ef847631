//! The client in C against the server of every stage.

use std::fs::{self, File};
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use common::client::ask::Ask;
use common::protocol::reply::{Reply, Status};
use common::protocol::request::Request;
use harness::address;
use harness::c::Program;
use harness::processes;
use harness::server::Server;
use harness::stage::{ALL, Mechanism, Stage};
use harness::wait;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

/// Twice what the client in C waits for an answer.
const END_MAX: Duration = Duration::from_secs(10);

/// The stages that this client knows: for TLS there is another one, because it needs OpenSSL.
fn without_tls() -> impl Iterator<Item = Stage> {
    ALL.into_iter().filter(|stage| stage.mechanism() != Mechanism::Tls)
}

/// A question of the client in C to a server, whatever its mechanism.
fn question(client: &Program, server: &Server, words: &[&str]) -> Command {
    let mut command = client.command();
    match server.stage().mechanism() {
        Mechanism::Pipes => command.arg("pipes").arg("--dir").arg(server.dir()),
        Mechanism::Queues => command.arg("queues").arg("--dir").arg(server.dir()),
        Mechanism::Tls => panic!("it has a client in C of its own"),
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
    for stage in without_tls() {
        let server = Server::start(stage);
        let ask = |words: &[&str]| {
            let (code, out, error) = run(&mut question(&client, &server, words));
            assert!(error.is_empty() || code == 2, "{words:?}: {error}");
            (code, out)
        };
        let rows = server.table_on_disk().rows;
        let line = |row: &common::protocol::record::Spectacle| {
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
    for stage in without_tls() {
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
    for stage in without_tls() {
        let mut server = Server::start(stage);
        server.stop();
        let (code, out, error) = run(&mut question(&client, &server, &["reserve", "1", "1"]));
        assert_eq!((code, out.as_str()), (2, ""), "{stage:?}");
        let said = ["client: cannot ", "(is the server running?)", "nothing was reserved"];
        assert!(said.iter().all(|words| error.contains(words)), "{stage:?}: {error}");
        server.assert_nothing_left(i32::MAX);
    }
}

#[test]
fn the_client_in_c_ends_in_time_whatever_it_inherited_or_hears() {
    let name = "the_client_in_c_ends_in_time_whatever_it_inherited_or_hears";
    let Some(client) = Program::compile(name, "client") else { return };
    let server = Server::start(Stage::Q1Pipes);
    let group = Pid::from_raw(server.pid());
    processes::freeze(server.pid());
    let view = question(&client, &server, &["--timeout", "0.5", "view", "1"]);
    let mut odd = Command::new("env");
    odd.args(["--ignore-signal=ALRM,CHLD", "--block-signal"]);
    odd.arg(view.get_program()).args(view.get_args());
    let (code, _, error) = run(&mut odd);
    assert!(code == 2 && error.contains("no answer within 0.5 s"), "{error}");
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let asked = question(&client, &server, &["reserve", "1", "1"]);
        // Tests that run in the background have inherited that Ctrl-C is ignored.
        let mut reserve = Command::new("env");
        reserve.arg("--default-signal").arg(asked.get_program()).args(asked.get_args());
        let mut child = reserve.stderr(Stdio::piped()).spawn().unwrap();
        let process = format!("/proc/{}", child.id());
        // Before that it reads other files, by descriptors that may have the same number.
        let reads = || {
            let call = fs::read_to_string(format!("{process}/syscall")).unwrap();
            let read = call.strip_prefix("0 0x").and_then(|rest| rest.split(' ').next());
            let descriptor = read.and_then(|hex| u32::from_str_radix(hex, 16).ok());
            let path = descriptor.and_then(|n| fs::read_link(format!("{process}/fd/{n}")).ok());
            path.is_some_and(|path| path.to_string_lossy().contains("/reply."))
        };
        wait::until_true("it waits for the answer", END_MAX, reads);
        kill(Pid::from_raw(child.id() as i32), signal).unwrap();
        assert_eq!(end(&mut child).signal(), Some(signal as i32));
        let error = String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap();
        assert!(error.contains("interrupted: the outcome is unknown"), "{error}");
    }
    let files = fs::read_dir(server.dir()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(!files.into_iter().any(|name| name.to_string_lossy().starts_with("reply.")));
    killpg(group, Signal::SIGCONT).unwrap();
    // Somebody who answers for ever, and never to this question.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let answers = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let other = Reply::new(&Request::new(7, 1, Ask::List), Status::Ok, 42);
        while stream.write_all(other.bytes()).is_ok() {}
    });
    let words = ["sockets", "--connect", &address, "--timeout", "0.5", "view", "1"];
    let (code, _, error) = run(client.command().args(words));
    assert!(code == 2 && error.contains("no answer within 0.5 s"), "{error}");
    answers.join().unwrap();
}

#[test]
fn an_answer_that_the_client_in_c_cannot_print_is_repeated() {
    let name = "an_answer_that_the_client_in_c_cannot_print_is_repeated";
    let Some(client) = Program::compile(name, "client") else { return };
    let server = Server::start(Stage::Q1Pipes);
    for (words, code) in [(&["reserve", "1", "1"][..], 3), (&["view", "1"], 2)] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut command = question(&client, &server, words);
        let output = command.stdout(full).stderr(Stdio::piped()).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{error}");
        assert_eq!(
            error.contains("the answer was: status 0, 199 seats left"),
            code == 3,
            "{error}"
        );
    }
}
