//! q3 from outside: two fixed threads beside the main one, none of which can be missed.

use std::time::Duration;

use common::protocol::reply::Status;
use harness::stage::Stage;
use harness::strace::Strace;

use crate::{Bench, SOON, stop_with_a_hanging_disk};

#[test]
fn a_stop_does_not_wait_for_ever_for_a_reservation() {
    stop_with_a_hanging_disk(Stage::Q3Threads, "q3 reserve");
}

#[test]
fn there_are_three_threads_whatever_the_load() {
    let name = "there_are_three_threads_whatever_the_load";
    let Some(mut bench) = Bench::new(name, Stage::Q3Threads) else { return };
    let Some(_strace) = bench.slow_disk(name, Duration::from_millis(300)) else { return };
    (1..=100).for_each(|nonce| bench.reserve(nonce));
    // While the disk is slow, consultations are answered, by the same thread as ever.
    (101..=150).for_each(|nonce| bench.view(nonce));
    let names = |bench: &Bench| -> Vec<String> {
        bench.server.threads().into_iter().map(|thread| thread.name).collect()
    };
    assert_eq!(names(&bench), Stage::Q3Threads.threads());
    let replies = bench.replies(150);
    assert!(replies.iter().all(|reply| reply.status() == Some(Status::Ok)));
    assert_eq!(names(&bench), Stage::Q3Threads.threads());
}

#[test]
fn a_thread_that_fails_ends_the_whole_server_with_its_name() {
    let name = "a_thread_that_fails_ends_the_whole_server_with_its_name";
    for victim in ["q3 consult", "q3 reserve"] {
        let Some(mut bench) = Bench::new(name, Stage::Q3Threads) else { return };
        let group = bench.server.pid();
        // Where a thread is to fail, its own call fails: consultations exclude type 2.
        let inject = ["-e", "trace=msgsnd", "-e", "inject=msgsnd:error=EACCES"];
        let Some(strace) = Strace::attach(name, &[group], &inject) else { return };
        match victim {
            "q3 consult" => bench.view(1),
            _ => bench.reserve(1),
        }
        let status = bench.server.wait(SOON);
        assert_eq!(status.code(), Some(2), "{}", bench.server.last_words());
        drop(strace);
        let log = bench.server.log();
        assert!(log.contains(&format!("{victim}: Permission denied")), "{log}");
        assert!(log.contains(&format!("server: {victim}, thread ")), "{log}");
        bench.server.assert_nothing_left(group);
    }
}
