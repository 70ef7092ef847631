//! What the armour is for: the checks that a stage's plain server fails, and its real one does not.
//!
//! A plain server that fails another check has a fault, or its head does not tell all; one that
//! passes a check of this list has become another server.

use std::time::Duration;

use harness::checks::{self, check::Check};
use harness::effort::Effort;
use harness::runner::{Outcome, ask_apart};
use harness::say::say;
use harness::seed;
use harness::stage::Stage;
use harness::target::Target;
use rstest::rstest;

/// The checks of `hostile`, `ending` and, for question 5, `sockets` that each plain server fails.
const PLAIN_FALLS: [(Stage, &[&str]); 5] = [
    (Stage::Q1Pipes, &[]),
    (
        Stage::Q2Msgqueue,
        &[
            "ending::after_a_kill_every_acknowledged_seat_is_there_and_the_leftovers_go",
            "ending::a_client_that_waits_learns_soon_that_the_server_is_dead",
            "ending::a_server_waits_for_the_last_processes_of_a_killed_one",
            "ending::a_stopped_worker_is_killed_and_the_stop_says_so",
            "hostile::clients_killed_between_request_and_reply_delay_nobody",
            "hostile::a_client_that_never_reads_delays_nobody",
            "hostile::many_clients_that_never_read_delay_nobody",
            "hostile::garbage_of_every_length_is_survived",
            "hostile::a_request_that_names_nobody_is_dropped_and_sells_nothing",
            "hostile::a_forged_pid_costs_its_owner_nothing",
        ],
    ),
    (Stage::Q3Threads, &[]),
    (Stage::Q4ThreadPerRequest, &[]),
    (Stage::Q5Sockets, &[]),
];

/// A wait for a server that will not come is no longer than this.
const PLAIN_WAIT_MAX: Duration = Duration::from_secs(2);
/// Nor is any check, also on a loaded machine.
const CHECK_MAX: Duration = Duration::from_secs(90);
/// Checks of each stage that a quick run asks.
const SAMPLE: usize = 2;

/// The checks that a plain server may fail.
fn candidates(stage: Stage) -> Vec<&'static Check> {
    let is_asked = |check: &&Check| {
        let module = check.name().split("::").next();
        let of_sockets = module == Some("sockets") && stage == Stage::Q5Sockets;
        of_sockets || matches!(module, Some("hostile" | "ending"))
    };
    checks::all().filter(is_asked).collect()
}

/// Why a server fails a check; None if it does not, or cannot be asked here.
fn failure(check: &Check, target: &Target, wait_max: Duration) -> Option<String> {
    match ask_apart(check.name(), target, wait_max, CHECK_MAX) {
        Outcome::Kept => None,
        Outcome::Broken(how) => Some(how),
        Outcome::Skipped(why) => {
            // What this machine lacks, continuous integration has to see.
            if why.starts_with("skipped ") {
                say(why.trim_end());
            }
            None
        }
    }
}

#[rstest]
#[case::plain_q1(Stage::Q1Pipes)]
#[case::plain_q2(Stage::Q2Msgqueue)]
#[case::plain_q3(Stage::Q3Threads)]
#[case::plain_q4(Stage::Q4ThreadPerRequest)]
#[case::plain_q5(Stage::Q5Sockets)]
fn exactly_what_the_armour_is_for_fails_without_it(#[case] stage: Stage) {
    let (_, falls) = PLAIN_FALLS.into_iter().find(|(of, _)| *of == stage).unwrap();
    let mut asked = candidates(stage);
    let unknown: Vec<_> =
        falls.iter().filter(|fall| asked.iter().all(|check| check.name() != **fall)).collect();
    assert!(unknown.is_empty(), "no such checks: {unknown:?}");
    seed::rng().shuffle(&mut asked);
    asked.truncate(Effort::asked().of(SAMPLE, usize::MAX, usize::MAX));
    let mut wrong = Vec::new();
    for check in asked {
        let (name, should_fail) = (check.name(), falls.contains(&check.name()));
        match failure(check, &Target::plain(stage), PLAIN_WAIT_MAX) {
            None if should_fail => wrong.push(format!("{name}: passed without the armour")),
            Some(how) if !should_fail => {
                wrong.push(format!("{name}: fails without the armour:\n{how}"))
            }
            _ => {}
        }
        if should_fail && let Some(how) = failure(check, &stage.into(), CHECK_MAX) {
            wrong.push(format!("{name}: fails with the armour:\n{how}"));
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", stage.package(), wrong.join("\n"));
}
