//! The contract as a judge of servers that somebody else wrote: a good one passes, a wrong one does
//! not.

use std::env;
use std::path::Path;
use std::process::Command;

use harness::c::Program;
use harness::stage::program;

/// Runs question 2's verdict over a foreign server, without the tests whose names contain a word of
/// `skipped`; whether it passed, and what was printed.
fn judge(server: &Path, skipped: &[&str]) -> (bool, String) {
    let mut contract = Command::new(env::current_exe().unwrap());
    contract.arg("q2_msgqueue").args(skipped.iter().flat_map(|word| ["--skip", word]));
    // A backtrace of each failure would take a minute of reading debug information.
    contract.env("RUST_BACKTRACE", "0").env("SPECTACLES_SERVER", server);
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
    let (passed, text) = judge(&server.path(), &[]);
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
