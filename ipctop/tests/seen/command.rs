//! The command line: what is printed, and the exit status.

use std::io::Read;
use std::process::{Command, Output, Stdio};
use std::thread;

use serde_json::Value;

use crate::program::Stuck;

/// A run of the program.
pub(crate) fn ipctop(words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipctop"));
    command.args(words).stdin(Stdio::null()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Runs something beside a situation, in a namespace of its own.
fn beside(name: &'static str, run: impl FnOnce(&str) + Send + 'static) {
    let run = move || {
        let stuck = Stuck::start(name).unwrap();
        run(&stuck.pid().to_string());
    };
    thread::spawn(run).join().unwrap();
}

#[test]
fn check_says_by_its_status_whether_something_is_stuck() {
    beside("circle-of-reads", |pid| {
        let output = ipctop(&["--check", "--pid", pid]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(text(&output.stdout).contains("A circle of waits"), "{output:?}");
        let output = ipctop(&["--once", "--pid", pid]);
        assert_eq!(output.status.code(), Some(0), "without --check it is no error");
    });
    beside("rests", |pid| {
        let output = ipctop(&["--check", "--pid", pid]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert!(text(&output.stdout).starts_with("nothing is stuck\n"), "{output:?}");
    });
}

#[test]
fn json_and_french_say_the_same_as_english_text() {
    beside("wrong-type", |pid| {
        let output = ipctop(&["--once", "--json", "--lang", "fr", "--pid", pid]);
        let look: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(look["schema"], 1);
        assert_eq!(look["scope"], format!("pid {pid}"));
        let finding = &look["findings"][0];
        assert_eq!(finding["kind"], "message-unwanted", "{look:#}");
        assert!(finding["text"].as_str().unwrap().contains("personne n'attend ce type"));
        assert_eq!(finding["values"]["type"], 7);
    });
}

#[test]
fn text_has_no_control_characters_and_no_boxes() {
    beside("hostile-names", |pid| {
        for words in [&["--once", "--pid", pid][..], &["--once", "--json", "--pid", pid]] {
            let output = ipctop(words);
            let text = text(&output.stdout);
            let is_bad =
                |c: char| c.is_control() && c != '\n' || ('\u{2500}'..'\u{25a0}').contains(&c);
            assert!(!text.contains(is_bad), "{text:?}");
            assert!(text.contains("[2J"), "the rest of the name is shown: {text}");
        }
    });
}

#[test]
fn wrong_use_is_a_clear_error_with_status_2() {
    let cases: [(&[&str], &str); 6] = [
        (&["--once", "--pid", "999999999"], "cannot look at process 999999999: there is none"),
        (&["--once", "--dir", "/no/such/folder"], "cannot look at /no/such/folder: No such file"),
        (&["--once", "--dir", "/dev/null"], "cannot look at /dev/null: it is no directory"),
        (&["--watch", "0"], "a number of seconds from 0.05 to 86400"),
        (&["--pid", "1", "--all"], "cannot be used with"),
        (&[], "cannot open the screen: this is no terminal (--once prints one look as text)"),
    ];
    for (words, said) in cases {
        let output = ipctop(words);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {output:?}");
        assert!(text(&output.stderr).contains(said), "{words:?}: {output:?}");
    }
}

#[test]
fn a_watch_prints_one_object_a_line_and_ends_with_its_reader() {
    beside("rests", |pid| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ipctop"));
        command.args(["--watch", "0.05", "--json", "--pid", pid]).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let mut seen = Vec::new();
        while seen.iter().filter(|&&byte| byte == b'\n').count() < 3 {
            let mut piece = [0; 4096];
            let len = stdout.read(&mut piece).unwrap();
            assert_ne!(len, 0, "it ended");
            seen.extend_from_slice(&piece[..len]);
        }
        for line in text(&seen).lines().take(3) {
            serde_json::from_str::<Value>(line).unwrap();
        }
        drop(stdout);
        assert_eq!(child.wait().unwrap().code(), Some(0));
    });
}
