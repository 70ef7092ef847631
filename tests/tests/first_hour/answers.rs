//! Answers: printed, or not; and a client that is interrupted.

use crate::{SOON, client_that_waits, every_stage, run, run_into, run_unread};
use harness::server::Server;
use harness::stage::{Stage, is_ours};
use harness::target::Target;
use harness::{processes, wait};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use rstest_reuse::apply;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

#[apply(every_stage)]
fn a_reader_that_has_enough_ends_the_client_without_a_word(stage: Stage) {
    let server = Server::start(stage);
    for words in [&["list"][..], &["view", "1"], &["--json", "list"], &[]] {
        let (status, error) = run_unread(&mut server.client_program(words));
        assert_eq!((status.signal(), error.as_str()), (Some(libc::SIGPIPE), ""), "{words:?}");
    }
}

#[apply(every_stage)]
fn an_answer_to_a_reservation_that_cannot_be_printed_is_repeated(stage: Stage) {
    let server = Server::start(stage);
    let full = || File::options().write(true).open("/dev/full").unwrap();
    let ask = |words: &[&str]| run_into(&mut server.client_program(words), full());
    for (words, told) in [
        (&["reserve", "1", "1"][..], "show 1: 1 seat reserved, 199 left"),
        (&["reserve", "99", "1"], "show 99: there is no such show"),
        (&["--json", "reserve", "1", "2"], "show 1: 2 seats reserved, 197 left"),
    ] {
        let (status, error) = ask(words);
        assert_eq!(status.code(), Some(3), "{words:?}: {error}");
        assert!(error.contains(told) && error.contains("No space left on device"), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    let (status, error) = run_unread(&mut server.client_program(&["reserve", "1", "1"]));
    assert_eq!(status.code(), Some(3), "{error}");
    assert!(
        error.contains("1 seat reserved, 196 left") && error.contains("Broken pipe"),
        "{error}"
    );
    // What can be asked for again is not repeated.
    let (status, error) = ask(&["view", "1"]);
    assert_eq!(status.code(), Some(2), "{error}");
    assert!(error.contains("cannot write to standard output") && !error.contains("196"), "{error}");
}

#[apply(every_stage)]
fn json_has_the_fields_that_its_status_defines(stage: Stage) {
    let server = Server::start(stage);
    let ask = |words: &[&str]| {
        let (_, out, error) = run(&mut server.client_program(&[&["--json"], words].concat()));
        assert_eq!(error, "");
        let object: serde_json::Value = serde_json::from_str(&out).unwrap();
        let fields = object.as_object().unwrap().keys().map(String::as_str);
        let mut fields: Vec<String> = fields.map(str::to_owned).collect();
        fields.sort();
        (object["status"].as_str().unwrap().to_owned(), fields.join(" "))
    };
    let is = |status: &str, fields: &str| (status.to_owned(), fields.to_owned());
    assert_eq!(ask(&["view", "99"]), is("unknown_show", "server show status"));
    assert_eq!(ask(&["reserve", "1", "0"]), is("bad_seats", "server show status"));
    assert_eq!(ask(&["reserve", "1", "999"]), is("not_enough_seats", "seats server show status"));
    assert_eq!(ask(&["reserve", "1", "1"]), is("ok", "seats server show status"));
    assert_eq!(ask(&["list"]), is("ok", "shows status"));
}

#[apply(every_stage)]
fn the_log_has_the_protocols_words(stage: Stage) {
    if !is_ours("the_log_has_the_protocols_words") {
        return;
    }
    let mut server = Server::prepare(stage, &["--log-level", "debug"]);
    server.launch();
    let mut client = server.client();
    client.reserve(1, 1);
    client.reserve(1, 0);
    client.view(1);
    let has = |words: &str| server.log().contains(words);
    for words in [" reserve: ok ", " reserve: bad_seats ", " view: ok "] {
        wait::until_true(words, SOON, || has(words));
    }
}

#[apply(every_stage)]
fn every_program_says_its_version(stage: Stage) {
    for (name, program) in
        [("server", Target::from(stage).program().to_owned()), ("client", stage.client())]
    {
        let (status, out, error) = run(Command::new(program).arg("--version"));
        assert!(status.success() && error.is_empty(), "{error}");
        assert_eq!(out, format!("{name} {}\n", env!("CARGO_PKG_VERSION")));
    }
}

#[apply(every_stage)]
fn an_unfinished_line_at_the_menu_is_no_order(stage: Stage) {
    let server = Server::start(stage);
    let mut command = server.client_program(&[]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"2\n1\n2").unwrap();
    let output = child.wait_with_output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && out.contains("an unfinished line is ignored"), "{out}");
    assert_eq!(server.client().view(1), 200);
}

#[apply(every_stage)]
fn a_client_that_is_interrupted_says_what_it_does_not_know(stage: Stage) {
    let server = Server::start(stage);
    let group = Pid::from_raw(server.pid());
    processes::freeze(server.pid());
    // Over TLS it waits for the handshake: it has not asked for anything yet.
    let has_asked = stage != Stage::Q7Tls;
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        for (words, unknown) in [(&["reserve", "1", "1"][..], has_asked), (&["view", "1"], false)] {
            let child = client_that_waits(&server, words);
            kill(Pid::from_raw(child.id() as i32), signal).unwrap();
            let output = child.wait_with_output().unwrap();
            let error = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.signal(), Some(signal as i32), "{error}");
            assert_eq!(error.contains("the outcome is unknown"), unknown, "{error}");
            assert_eq!(error.lines().count(), usize::from(unknown), "{error}");
        }
    }
    let files = fs::read_dir(server.dir()).unwrap().map(|entry| entry.unwrap().file_name());
    let replies = files.filter(|name| name.to_string_lossy().starts_with("reply."));
    assert_eq!(replies.count(), 0, "reply FIFOs stay");
    killpg(group, Signal::SIGCONT).unwrap();
}

#[apply(every_stage)]
fn a_list_fits_a_narrow_terminal(stage: Stage) {
    let server = Server::start(stage);
    let client = server.client_program(&["list"]);
    let words = client.get_args().map(|word| word.to_str().unwrap().to_owned());
    let words: Vec<_> =
        [client.get_program().to_str().unwrap().to_owned()].into_iter().chain(words).collect();
    for columns in [40, 80] {
        let shell = format!("stty cols {columns}; '{}'", words.join("' '"));
        let (status, out, error) = run(Command::new("script").args(["-qec", &shell, "/dev/null"]));
        assert!(status.success(), "{out}{error}");
        let widest = out.lines().map(|line| line.trim_end().chars().count()).max().unwrap();
        assert!(widest <= columns && out.lines().count() == 9, "{widest}:\n{out}");
        assert_eq!(out.contains("Le Songe d'une nuit d'été"), columns == 80, "{out}");
    }
}
