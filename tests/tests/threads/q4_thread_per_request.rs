//! q4 from outside: as many threads as requests, up to a bound, and all of them in order.

use std::time::Duration;

use common::client::ask::Ask;
use common::protocol::reply::Status;
use harness::attack::Attack;
use harness::attack::attacker::Attacker;
use harness::ptrace::hang::Hang;
use harness::stage::Stage;
use harness::strace::Strace;
use harness::wait;
use nix::sys::signal::Signal;
use q2_msgqueue::channel::Channel;

use crate::{Bench, SOON, stop_with_a_hanging_disk};

/// Requests that q4 answers at the same time.
const THREADS_MAX: usize = 256;
/// The same while replies find no room.
const THREADS_CONGESTED: usize = 16;
/// q4's own threads.
const AT_REST: usize = 3;
const STAGE: Stage = Stage::Q4ThreadPerRequest;

#[test]
fn each_parked_request_is_a_thread_and_the_count_returns_to_rest() {
    let name = "each_parked_request_is_a_thread_and_the_count_returns_to_rest";
    let Some(mut bench) = Bench::new(name, STAGE) else { return };
    for parked in [1, 60] {
        let Some(strace) = bench.slow_disk(name, Duration::from_secs(4)) else { return };
        (1..=parked as u64).for_each(|nonce| bench.reserve(nonce));
        bench.wait_for_requests(parked);
        assert_eq!(bench.server.threads().len(), AT_REST + parked);
        // None of them is in a consultation's way.
        assert_eq!(bench.server.client().view(2), 150);
        bench.wait_for_requests(parked);
        drop(strace);
        bench.replies(parked);
        bench.wait_for_requests(0);
        assert_eq!(bench.server.threads().len(), AT_REST);
    }
}

#[test]
fn beyond_the_bound_a_request_is_told_busy_at_once_and_nothing_is_done() {
    let name = "beyond_the_bound_a_request_is_told_busy_at_once_and_nothing_is_done";
    let Some(mut bench) = Bench::new(name, STAGE) else { return };
    let Some(strace) = bench.slow_disk(name, Duration::from_secs(3)) else { return };
    let (last, beyond) = (THREADS_MAX as u64, THREADS_MAX as u64 + 20);
    (1..=last).for_each(|nonce| bench.reserve(nonce));
    bench.wait_for_requests(THREADS_MAX);
    (last + 1..=beyond).for_each(|nonce| bench.reserve(nonce));
    let refused = bench.replies(20);
    assert!(refused.iter().all(|reply| reply.status() == Some(Status::Busy)), "{refused:?}");
    assert!(refused.iter().all(|reply| reply.nonce.get() > last));
    assert_eq!(bench.server.threads().len(), AT_REST + THREADS_MAX);
    drop(strace);
    assert!(bench.replies(THREADS_MAX).iter().all(|reply| reply.status() == Some(Status::Ok)));
    bench.wait_for_requests(0);
    assert_eq!(bench.server.client().view(1), 1000 - THREADS_MAX as i32);
}

#[test]
fn beside_a_flood_few_have_a_thread_and_whoever_only_looks_needs_none() {
    let name = "beside_a_flood_few_have_a_thread_and_whoever_only_looks_needs_none";
    let Some(bench) = Bench::new(name, STAGE) else { return };
    // As if the disk did not answer: the flood's own reservations take all threads there are for them.
    let Some(_hang) = Hang::thread(name, bench.server.pid(), "q4 commit") else { return };
    let _flood = Attacker::start(&bench.server, Attack::Flood, 10_000_000, 1);
    let what = "as many threads as reservations may have";
    wait::until_true(what, SOON, || bench.count("q4 request") >= THREADS_CONGESTED);
    let mut client = bench.server.client();
    let told = [(); 5].map(|()| client.view(2));
    assert_eq!(told, [150; 5]);
    // A few came before the first reply found no room.
    let count = bench.count("q4 request");
    assert!((THREADS_CONGESTED..=3 * THREADS_CONGESTED).contains(&count), "{count}");
}

#[test]
fn requests_of_all_types_are_taken_in_the_order_of_their_arrival() {
    let name = "requests_of_all_types_are_taken_in_the_order_of_their_arrival";
    let Some(mut bench) = Bench::new(name, STAGE) else { return };
    let Some(strace) = bench.slow_disk(name, Duration::from_secs(3)) else { return };
    // All of them wait in the queue before the first is taken.
    bench.server.signal(Signal::SIGSTOP);
    let last = THREADS_MAX as u64;
    bench.view(1);
    (2..=last + 1).for_each(|nonce| bench.reserve(nonce));
    bench.view(last + 2);
    bench.server.signal(Signal::SIGCONT);
    // The first view comes before the reservations that park, the last behind them.
    let first = bench.replies(2);
    let seen: Vec<_> = first.iter().map(|reply| (reply.nonce.get(), reply.status())).collect();
    assert_eq!(seen, [(1, Some(Status::Ok)), (last + 2, Some(Status::Busy))]);
    drop(strace);
    bench.replies(THREADS_MAX);
}

#[test]
fn the_first_to_come_is_the_first_served() {
    let name = "the_first_to_come_is_the_first_served";
    let Some(mut bench) = Bench::new(name, STAGE) else { return };
    let count = 200;
    for round in 0..5 {
        // Threads that are started at the same time run in any order; decisions are not theirs.
        (1..=count).for_each(|nonce| bench.reserve(round * count + nonce));
        let replies = bench.replies(count as usize);
        let left: Vec<i32> = replies.iter().map(|reply| reply.seats.get()).collect();
        let most = 1000 - (round * count) as i32;
        assert_eq!(left, (most - count as i32..most).rev().collect::<Vec<i32>>());
    }
}

#[test]
fn without_another_thread_to_be_had_a_request_is_told_busy() {
    let name = "without_another_thread_to_be_had_a_request_is_told_busy";
    let Some(bench) = Bench::new(name, STAGE) else { return };
    let inject = ["-e", "trace=clone,clone3", "-e", "inject=clone,clone3:error=EAGAIN"];
    let Some(strace) = Strace::attach(name, &[bench.server.pid()], &inject) else { return };
    let mut client = bench.server.client();
    for ask in [Ask::List, Ask::View { show: 1 }, Ask::Reserve { show: 1, seats: 1 }] {
        assert_eq!(client.ask(ask).unwrap().status(), Some(Status::Busy), "{ask:?}");
    }
    drop(strace);
    assert_eq!(client.reserve(1, 1), (Status::Ok, 999));
}

#[test]
fn a_stop_answers_every_request_that_was_taken() {
    let name = "a_stop_answers_every_request_that_was_taken";
    let Some(mut bench) = Bench::new(name, STAGE) else { return };
    let Some(strace) = bench.slow_disk(name, Duration::from_millis(150)) else { return };
    let count = 100;
    (1..=count as u64).for_each(|nonce| bench.reserve(nonce));
    let all_taken = || Channel::open(&bench.server.dir()).unwrap().requests.load().unwrap();
    wait::until_true("an empty request queue", SOON, || all_taken().messages == 0);
    bench.server.signal(Signal::SIGTERM);
    let replies = bench.replies(count);
    assert!(replies.iter().all(|reply| reply.status() == Some(Status::Ok)), "{replies:?}");
    let status = bench.server.wait(SOON);
    assert!(status.success(), "{status}: {}", bench.server.last_words());
    drop(strace);
    assert_eq!(bench.server.table_on_disk().rows[0].seats, 1000 - count as i32);
}

#[test]
fn a_failed_sync_is_told_to_all_who_wait() {
    let name = "a_failed_sync_is_told_to_all_who_wait";
    let Some(mut bench) = Bench::new(name, STAGE) else { return };
    let group = bench.server.pid();
    let fault = "inject=fdatasync:error=EIO:delay_enter=1000000";
    let options = ["-e", "trace=fdatasync", "-e", fault];
    let Some(strace) = Strace::attach(name, &[group], &options) else { return };
    // More than one batch: the rest finds the committer gone.
    (1..=100).for_each(|nonce| bench.reserve(nonce));
    let replies = bench.replies(100);
    let told = replies.iter().all(|reply| reply.status() == Some(Status::Unavailable));
    assert!(told, "{replies:?}");
    assert_eq!(bench.server.wait(SOON).code(), Some(2));
    drop(strace);
    bench.server.assert_nothing_left(group);
}

#[test]
fn a_stop_does_not_wait_for_ever_for_a_reservation() {
    stop_with_a_hanging_disk(STAGE, "q4 commit");
}
