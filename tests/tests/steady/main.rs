//! What a VIEW costs when nothing else happens, in counts and not in time: system calls, context
//! switches, page faults, allocations.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

use harness::stage::{Stage, is_ours};
use harness::strace::Strace;
use rstest_reuse::{apply, template};

mod counted;

use counted::{Counted, VIEWS};

/// Where a count per request is a whole number, how far it may be from it: a client's alarm, ten
/// times a second, and the look after the queues, four times a second, count too.
const SLACK: f64 = 0.05;
/// A loaded machine adds to a count and never takes from it, so the least of some is nearest.
const ATTEMPTS: usize = 5;

/// Calls per VIEW that go by time; one more for each request would be 1.
const OTHERS_MAX: f64 = 0.5;

/// The stages in which a thread answers more than one request.
#[template]
#[rstest::rstest]
#[case::q1_pipes(Stage::Q1Pipes)]
#[case::q2_msgqueue(Stage::Q2Msgqueue)]
#[case::q3_threads(Stage::Q3Threads)]
#[case::q5_sockets(Stage::Q5Sockets)]
#[case::q9_events(Stage::Q9Events)]
fn every_steady_stage(#[case] stage: Stage) {}

/// The least of some counts per VIEW; the first that is low enough ends the search.
fn least(enough: f64, mut count: impl FnMut() -> u64) -> f64 {
    let mut counts = (0..ATTEMPTS).map(|_| count() as f64 / VIEWS as f64);
    let mut least = f64::INFINITY;
    while let Some(count) = counts.next().filter(|_| least > enough) {
        least = least.min(count);
    }
    least
}

/// The calls by which a request, and a thread of its own, live and end; strace does not count
/// those that never come back.
const THREAD: [&str; 8] =
    ["msgrcv", "msgsnd", "clone3", "rt_sigprocmask", "rseq", "set_robust_list", "prctl", "madvise"];

/// The calls per VIEW of server and client: those of `travel`, without the interrupted ones, and
/// all others, of which a slow run has more: the alarm and the look after the queues go by time.
fn calls(test: &str, stage: Stage, travel: &[&str]) -> Option<(f64, f64)> {
    let mut counts = (0..ATTEMPTS).map(|_| count_calls(test, stage, travel));
    let enough = |count: &Option<(f64, f64)>| count.is_none_or(|(_, others)| others < OTHERS_MAX);
    counts.find(enough).expect("every call of a request is in the list")
}

fn count_calls(test: &str, stage: Stage, travel: &[&str]) -> Option<(f64, f64)> {
    let mut counted = Counted::start(stage);
    let strace = Strace::attach(test, &counted.processes(), &["-c"])?;
    counted.view();
    let table = strace.finish();
    // "% time, seconds, usecs/call, calls, errors if any, syscall"
    let mut sums = (0.0, 0.0);
    for line in table.lines() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let name = *fields.last().unwrap_or(&"");
        let Some(Ok(calls)) = fields.get(3).map(|calls| calls.parse::<f64>()) else { continue };
        let errors = if fields.len() == 6 { fields[4].parse().unwrap() } else { 0.0 };
        match name {
            "total" => {}
            name if travel.contains(&name) => sums = (sums.0 + calls - errors, sums.1 + errors),
            _ => sums.1 += calls,
        }
    }
    Some((sums.0 / VIEWS as f64, sums.1 / VIEWS as f64))
}

#[apply(every_steady_stage)]
fn a_steady_view_costs_four_system_calls(stage: Stage) {
    let name = "a_steady_view_costs_four_system_calls";
    if !is_ours(name) {
        return;
    }
    let travel = match stage {
        Stage::Q1Pipes => ["read", "write"],
        Stage::Q5Sockets | Stage::Q9Events => ["sendto", "recvfrom"],
        _ => ["msgsnd", "msgrcv"],
    };
    // An event loop waits in a call of its own, which serves all that are ready then.
    let travel = match stage {
        Stage::Q9Events => [&travel[..], &["epoll_wait"]].concat(),
        _ => travel.to_vec(),
    };
    let Some((travelled, _)) = calls(name, stage, &travel) else { return };
    let expected = 2.0 + travel.len() as f64;
    assert!((travelled - expected).abs() < SLACK, "{travelled} calls of {travel:?}");
}

#[test]
fn a_view_over_tls_costs_four_system_calls_too() {
    let name = "a_view_over_tls_costs_four_system_calls_too";
    if !is_ours(name) {
        return;
    }
    let Some((travelled, _)) = calls(name, Stage::Q7Tls, &["sendto", "recvfrom"]) else { return };
    assert!((travelled - 4.0).abs() < SLACK, "{travelled} calls");
}

#[test]
fn a_view_with_a_thread_of_its_own_costs_13_system_calls() {
    let name = "a_view_with_a_thread_of_its_own_costs_13_system_calls";
    if !is_ours(name) {
        return;
    }
    let Some((lived, _)) = calls(name, Stage::Q4ThreadPerRequest, &THREAD) else { return };
    // Two on the client's side, two for the messages, nine for the thread.
    assert!((lived - 13.0).abs() < SLACK, "{lived} calls");
}

#[apply(every_steady_stage)]
fn a_steady_view_costs_two_context_switches(stage: Stage) {
    if !is_ours("a_steady_view_costs_two_context_switches") {
        return;
    }
    let mut counted = Counted::start(stage);
    let switches = least(2.0 + SLACK, || {
        let before = counted.switches();
        counted.view();
        counted.switches() - before
    });
    // Others who want the CPU take it, and are not counted; then a wait is one less.
    assert!(switches > 0.5 && switches <= 2.0 + SLACK, "{switches} context switches");
}

#[apply(every_steady_stage)]
fn a_steady_view_faults_no_page(stage: Stage) {
    if !is_ours("a_steady_view_faults_no_page") {
        return;
    }
    let mut counted = Counted::start(stage);
    let faults = least(SLACK, || {
        let before = counted.faults();
        counted.view();
        counted.faults() - before
    });
    assert!(faults < SLACK, "{faults} page faults");
}

#[apply(every_steady_stage)]
fn a_steady_view_allocates_nothing_in_the_server(stage: Stage) {
    let name = "a_steady_view_allocates_nothing_in_the_server";
    if !is_ours(name) {
        return;
    }
    let Some(mut counted) = Counted::start_with_count(name, stage) else { return };
    // The start allocates: the count counts.
    assert!(counted.allocations() > 10);
    let allocations = least(SLACK, || {
        let before = counted.allocations();
        counted.view();
        counted.allocations() - before
    });
    assert!(allocations < SLACK, "{allocations} allocations");
}
