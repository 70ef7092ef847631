//! The contract as a judge of servers that somebody else wrote: a good one passes, a wrong one does
//! not.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;

use harness::c::Program;
use harness::checks::{self, check::Check};
use harness::stage::program;

/// Runs question 2's verdict over a foreign server, without the tests whose names contain a word of
/// `skipped`; whether it passed, and what was printed.
fn judge(server: &Path, skipped: &[&str]) -> (bool, String) {
    judge_in(&env::temp_dir(), server, skipped)
}

/// The same with another folder for what is temporary.
fn judge_in(temporary: &Path, server: &Path, skipped: &[&str]) -> (bool, String) {
    let mut contract = Command::new(env::current_exe().unwrap());
    contract.arg("q2_msgqueue").args(skipped.iter().flat_map(|word| ["--skip", word]));
    // A backtrace of each failure would take a minute of reading debug information.
    contract.env("RUST_BACKTRACE", "0").env("SPECTACLES_SERVER", server);
    contract.env("TMPDIR", temporary);
    let output = contract.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn an_honest_server_passes_and_what_was_not_asked_is_said() {
    let (passed, text) = judge(&program("q2-msgqueue-server"), &[]);
    assert!(passed, "{text}");
    assert!(
        text.contains("left out ending::a_second_server_is_refused_and_harms_nobody"),
        "{text}"
    );
}

#[test]
fn a_server_that_knows_only_the_protocol_passes() {
    let name = "a_server_that_knows_only_the_protocol_passes";
    let Some(server) = Program::compile(name, "server") else { return };
    // Its DIR may have any name, and so the line by which it is ready.
    let base = tempfile::tempdir().unwrap();
    let odd = base.path().join(OsStr::from_bytes(b"th\xe9\xe2tre \n'"));
    fs::create_dir(&odd).unwrap();
    let (passed, text) = judge_in(&odd, &server.path(), &[]);
    assert!(passed, "{text}");
    assert!(text.contains("a_seat_is_never_sold_twice"), "{text}");
}

#[test]
fn a_server_that_sells_seats_twice_fails_by_name() {
    // A wrong server loses replies too, and then these would wait for many time-outs.
    let (passed, text) = judge(&program("wrong-server"), &["hostile", "ending"]);
    assert!(!passed, "{text}");
    // The number of the case is the stage's place among the others.
    let has_ended = |test: &str, how: &str| {
        let end = format!("_q2_msgqueue ... {how}");
        text.lines().any(|line| line.contains(&format!("::{test}::case_")) && line.ends_with(&end))
    };
    for failed in
        ["a_seat_is_never_sold_twice", "a_reservation_lowers_the_count_at_once_and_for_good"]
    {
        assert!(has_ended(failed, "FAILED"), "{failed}: {text}");
    }
    assert!(has_ended("a_view_tells_the_seats_of_one_show", "ok"), "{text}");
}

#[test]
fn a_run_in_which_nothing_is_judged_is_no_pass() {
    let left_out = "outside::the_lock_names_the_holder::case_2_q2_msgqueue";
    let mut contract = Command::new(env::current_exe().unwrap());
    contract.args(["--exact", left_out]);
    contract.env("SPECTACLES_SERVER", program("q2-msgqueue-server"));
    let output = contract.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && text.contains("nothing was judged"), "{text}");
    assert!(text.contains("left out outside::the_lock_names_the_holder"), "{text}");
}

#[test]
fn a_server_that_cannot_be_judged_is_told_once_for_all_its_tests() {
    let (passed, text) = judge(Path::new("/bin/true"), &[]);
    assert!(!passed && text.contains("nothing was judged: this is no verdict"), "{text}");
    assert_eq!(text.matches("it ended with exit status: 0").count(), 1, "{text}");
    assert_eq!(text.matches("/bin/true cannot be judged").count(), 1, "{text}");
}

#[test]
fn a_misspelt_name_is_no_pass() {
    let mistake = |filter: &str, variable: &str| {
        let mut contract = Command::new(env::current_exe().unwrap());
        contract.arg(filter).env(variable, program("q2-msgqueue-server"));
        let output = contract.output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && output.stdout.is_empty(), "{text}");
        text
    };
    for variable in ["SPECTACLES_SERVER", "ANY_OTHER"] {
        let text = mistake("q2-msgqueue", variable);
        assert!(text.contains("no test has `q2-msgqueue` in its name"), "{text}");
    }
    let text = mistake("q2_msgqueue", "SPECTACLES_SERVR");
    assert!(text.contains("SPECTACLES_SERVR is no variable of these tests"), "{text}");
}

#[test]
fn a_filter_that_finds_nothing_is_no_verdict() {
    let mut contract = Command::new(env::current_exe().unwrap());
    contract.arg("a_seat_is_never_solt").env("SPECTACLES_SERVER", program("q2-msgqueue-server"));
    let output = contract.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && text.contains("nothing was judged"), "{text}");
}

#[test]
fn every_check_of_the_harness_is_a_test_here_or_of_sockets() {
    let list = Command::new(env::current_exe().unwrap()).arg("--list").output().unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    let is_asked = |check: &&Check| list.contains(&format!("{}::case_", check.name()));
    let missing: Vec<&str> = checks::OF_EVERY_STAGE
        .into_iter()
        .flatten()
        .filter(|check| !is_asked(check))
        .map(Check::name)
        .collect();
    assert!(missing.is_empty(), "checks without a test: {missing:?}");
    let sockets = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sockets");
    for check in checks::OF_SOCKETS.into_iter().flatten() {
        let mut words = check.name().split("::").skip(1);
        let file = sockets.join(words.next().unwrap()).with_extension("rs");
        let text = std::fs::read_to_string(file).unwrap();
        assert!(text.contains(words.next().unwrap()), "no test of {}", check.name());
    }
}
