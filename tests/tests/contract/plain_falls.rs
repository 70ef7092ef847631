//! What the armour is for: the checks that a stage's plain server fails, and its real one does not.
//!
//! A plain server that fails another check has a fault, or its head does not tell all; one that
//! passes a check of this list has become another server. That the real one passes them all is not
//! asked again: each of them is a test of this program or of `sockets`.

use std::time::Duration;

use harness::checks::{self, check::Check};
use harness::effort::Effort;
use harness::runner::{Outcome, Patience, ask_apart};
use harness::say::say;
use harness::seed;
use harness::stage::{Mechanism, Stage};
use harness::target::Target;
use rstest::rstest;

/// Who does not read, alive or dead: a plain server waits for them, or leaves their FIFOs.
const WHO_DOES_NOT_READ: &[&str] = &[
    "hostile::clients_killed_between_request_and_reply_delay_nobody",
    "hostile::a_client_that_never_reads_delays_nobody",
    "hostile::many_clients_that_never_read_delay_nobody",
];
/// Who claims to be another: the replies fill the queue that all clients share.
const WHO_IS_NOT_MEANT: &[&str] = &["hostile::a_forged_pid_costs_its_owner_nothing"];
/// Bytes that no honest client sends: a plain server believes them.
const WHAT_IS_NO_REQUEST: &[&str] = &[
    "hostile::garbage_of_every_length_is_survived",
    "hostile::a_request_that_names_nobody_is_dropped_and_sells_nothing",
];
/// A worker that stands still: a plain stop waits for it.
const WHO_IS_STOPPED: &[&str] = &["ending::a_stopped_worker_is_killed_and_the_stop_says_so"];
/// The queues of a killed server: a plain one does not start where they are.
const WHAT_A_KILL_LEAVES: &[&str] = &[
    "ending::after_a_kill_every_acknowledged_seat_is_there_and_the_leftovers_go",
    "ending::a_client_that_waits_learns_soon_that_the_server_is_dead",
    "ending::a_server_waits_for_the_last_processes_of_a_killed_one",
];

/// Who has asked and not yet read: a plain stop takes their replies away with its queues, or its
/// connections.
const WHO_HAS_NOT_READ_YET: &[&str] = &["ending::a_stop_answers_all_that_it_has_decided"];
/// What a stream brings besides: a plain server has no deadline and no limit, looks at no magic, and
/// closes over bytes that it has not read.
const OF_SOCKETS: &[&str] = &[
    "hostile::a_request_that_names_nobody_is_dropped_and_sells_nothing",
    "sockets::ending::every_acknowledgement_of_a_stopping_server_arrives",
    "sockets::ending::after_a_failed_sync_everyone_who_waits_in_line_is_told",
    "sockets::ending::a_port_in_use_is_named_and_several_addresses_are_served",
    "sockets::limits::a_connection_without_room_reads_that_the_server_is_busy",
    "sockets::limits::the_connection_idle_longest_makes_room_and_its_client_connects_again",
    "sockets::limits::whoever_makes_room_is_told",
    "sockets::limits::without_descriptors_connections_wait_and_nothing_spins",
    "sockets::limits::too_few_descriptors_lower_the_limit_and_the_log_says_so",
    "sockets::share::the_address_with_most_connections_gives_way",
    "sockets::slow::one_byte_a_second_does_not_outlive_the_deadline",
    "sockets::slow::a_flood_that_is_never_read_ends_in_time_and_delays_nobody",
    "sockets::stream::what_is_no_request_is_told_so_and_ends_the_connection",
    "sockets::stream::a_wrong_request_is_refused_and_the_next_one_answered",
    "sockets::stream::a_silent_peer_is_asked_whether_it_is_still_there",
];

/// What a thread for each connection brings besides: there may be no memory for it.
const OF_A_THREAD_EACH: &[&str] = &[
    "sockets::limits::without_memory_for_a_thread_a_connection_is_told_busy_and_the_server_goes_on",
];
/// What one thread for all brings besides: who does not read holds everybody up, and nobody looks
/// at the time.
const OF_ONE_THREAD: &[&str] = &[
    "sockets::ending::a_stop_waits_for_nobody_who_does_not_read_or_finish",
    "sockets::slow::an_idle_connection_is_closed_and_the_client_makes_another",
];

/// All that a plain server of threads over the two queues fails.
const OF_QUEUES: &[&[&str]] = &[
    WHO_DOES_NOT_READ,
    WHO_HAS_NOT_READ_YET,
    WHO_IS_NOT_MEANT,
    WHAT_IS_NO_REQUEST,
    WHAT_A_KILL_LEAVES,
];

/// The checks of `hostile`, `ending` and, for q5, q7 and q9, `sockets` that each plain server fails.
const PLAIN_FALLS: [(Stage, &[&[&str]]); 7] = [
    (Stage::Q1Pipes, &[WHO_DOES_NOT_READ, WHAT_IS_NO_REQUEST, WHO_IS_STOPPED]),
    (
        Stage::Q2Msgqueue,
        &[
            WHO_DOES_NOT_READ,
            WHO_HAS_NOT_READ_YET,
            WHO_IS_NOT_MEANT,
            WHAT_IS_NO_REQUEST,
            WHO_IS_STOPPED,
            WHAT_A_KILL_LEAVES,
        ],
    ),
    (Stage::Q3Threads, OF_QUEUES),
    (Stage::Q4ThreadPerRequest, OF_QUEUES),
    (Stage::Q5Sockets, &[WHO_HAS_NOT_READ_YET, OF_SOCKETS, OF_A_THREAD_EACH]),
    (Stage::Q7Tls, &[WHO_HAS_NOT_READ_YET, OF_SOCKETS, OF_A_THREAD_EACH]),
    (Stage::Q9Events, &[WHO_HAS_NOT_READ_YET, OF_SOCKETS, OF_ONE_THREAD]),
];

/// Of a server that should fail: it is soon clear, and tried until it is.
const TO_FAIL: Patience =
    Patience { wait_max: Duration::from_secs(2), limit: CHECK_MAX, effort: "ci" };
/// Of one that should not: a busy machine is no fault.
const TO_PASS: Patience = Patience { wait_max: CHECK_MAX, limit: CHECK_MAX, effort: "quick" };
/// More than any check takes.
const CHECK_MAX: Duration = Duration::from_secs(90);
/// Checks of each stage that a quick run asks.
const SAMPLE: usize = 2;

/// The checks that a plain server may fail.
fn candidates(stage: Stage) -> Vec<&'static Check> {
    let is_asked = |check: &&Check| {
        let module = check.name().split("::").next();
        let has_connections = [Mechanism::Sockets, Mechanism::Tls].contains(&stage.mechanism());
        let of_sockets = module == Some("sockets") && has_connections;
        of_sockets || matches!(module, Some("hostile" | "ending"))
    };
    checks::all().filter(is_asked).collect()
}

#[rstest]
#[case::plain_q1(Stage::Q1Pipes)]
#[case::plain_q2(Stage::Q2Msgqueue)]
#[case::plain_q3(Stage::Q3Threads)]
#[case::plain_q4(Stage::Q4ThreadPerRequest)]
#[case::plain_q5(Stage::Q5Sockets)]
#[case::plain_q7(Stage::Q7Tls)]
#[case::plain_q9(Stage::Q9Events)]
fn exactly_what_the_armour_is_for_fails_without_it(#[case] stage: Stage) {
    let (_, falls) = PLAIN_FALLS.into_iter().find(|(of, _)| *of == stage).unwrap();
    let falls = falls.concat();
    let mut asked = candidates(stage);
    let unknown: Vec<_> =
        falls.iter().filter(|fall| asked.iter().all(|check| check.name() != **fall)).collect();
    assert!(unknown.is_empty(), "no such checks: {unknown:?}");
    seed::rng().shuffle(&mut asked);
    asked.truncate(Effort::asked().of(SAMPLE, usize::MAX, usize::MAX));
    let mut wrong = Vec::new();
    for check in asked {
        let (name, should_fail) = (check.name(), falls.contains(&check.name()));
        let patience = if should_fail { TO_FAIL } else { TO_PASS };
        match ask_apart(name, &Target::plain(stage), patience) {
            Outcome::Kept if should_fail => {
                wrong.push(format!("{name}: passes without the armour"))
            }
            Outcome::Broken(how) if !should_fail => {
                wrong.push(format!("{name}: fails without the armour:\n{how}"));
            }
            // What this machine lacks, continuous integration has to see.
            Outcome::Skipped(why) if why.starts_with("skipped ") => say(why.trim_end()),
            Outcome::Skipped(why) if should_fail => wrong.push(why),
            Outcome::Kept | Outcome::Broken(_) | Outcome::Skipped(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", stage.package(), wrong.join("\n"));
}
