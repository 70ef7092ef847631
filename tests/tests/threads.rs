//! The stages of threads seen from outside: how many there are, and what bounds them.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

use std::time::{Duration, Instant};

use common::ask::Ask;
use common::reply::{Reply, Status};
use common::request::Request;
use nix::sys::signal::Signal;
use nix::unistd::gettid;
use tests::server::Server;
use tests::stage::{Stage, is_ours};
use tests::strace::Strace;
use tests::wait;
use tests::wire::{Place, Wire};
use zerocopy::IntoBytes;

/// Far more than anything here takes.
const SOON: Duration = Duration::from_secs(10);
/// Requests that q4 answers at the same time.
const THREADS_MAX: usize = 256;
/// q4's own threads.
const AT_REST: usize = 3;

/// A server, and the bare queues to it.
struct Bench {
    server: Server,
    wire: Wire,
    me: i32,
}

impl Bench {
    /// A server whose first show has seats for all; None for a server that somebody else wrote.
    fn new(test: &str, stage: Stage) -> Option<Bench> {
        if !is_ours(test) {
            return None;
        }
        let mut table = common::shows::sample();
        table.rows[0].seats.set(1000);
        let server = Server::start_with(stage, &table, &[]);
        let me = gettid().as_raw();
        let wire = Wire::open(stage, &server.dir(), me).unwrap();
        Some(Bench { server, wire, me })
    }

    /// Makes every sync of the server take this long from now on.
    fn slow_disk(&self, test: &str, delay: Duration) -> Option<Strace> {
        let inject = format!("inject=fdatasync:delay_enter={}", delay.as_micros());
        let options = ["-e", "trace=fdatasync", "-e", &inject];
        Strace::attach(test, &[self.server.pid()], &options)
    }

    fn reserve(&self, nonce: u64) {
        let request = Request::new(self.me, nonce, Ask::Reserve { show: 1, seats: 1 });
        self.wire.send(Place::Reservation, request.as_bytes());
    }

    fn view(&self, nonce: u64) {
        let request = Request::new(self.me, nonce, Ask::View { show: 2 });
        self.wire.send(Place::Consultation, request.as_bytes());
    }

    fn reply(&mut self) -> Reply {
        self.wire.receive(self.me, SOON).expect("a reply")
    }

    /// So many replies, in the order of their requests.
    fn replies(&mut self, count: usize) -> Vec<Reply> {
        let mut replies: Vec<Reply> = (0..count).map(|_| self.reply()).collect();
        replies.sort_by_key(|reply| reply.nonce.get());
        replies
    }

    /// How many threads of this name there are.
    fn count(&self, name: &str) -> usize {
        self.server.threads().iter().filter(|thread| thread.name == name).count()
    }

    fn wait_for_requests(&self, count: usize) {
        let what = format!("{count} threads of requests");
        wait::until_true(&what, SOON, || self.count("q4 request") == count);
    }
}

mod q3_threads {
    use super::*;

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
}

mod q4_thread_per_request {
    use super::*;

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
            assert_eq!(bench.count("q4 request"), parked);
            bench.replies(parked);
            drop(strace);
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
    fn a_stop_answers_every_request_that_has_a_thread() {
        let name = "a_stop_answers_every_request_that_has_a_thread";
        let Some(mut bench) = Bench::new(name, STAGE) else { return };
        let Some(strace) = bench.slow_disk(name, Duration::from_millis(200)) else { return };
        let parked = 100;
        (1..=parked as u64).for_each(|nonce| bench.reserve(nonce));
        bench.wait_for_requests(parked);
        bench.server.signal(Signal::SIGTERM);
        let replies = bench.replies(parked);
        assert!(replies.iter().all(|reply| reply.status() == Some(Status::Ok)), "{replies:?}");
        let status = bench.server.wait(SOON);
        assert!(status.success(), "{status}: {}", bench.server.last_words());
        drop(strace);
        assert_eq!(bench.server.table_on_disk().rows[0].seats, 1000 - parked as i32);
    }

    #[test]
    fn a_stop_does_not_wait_for_ever_for_a_request() {
        let name = "a_stop_does_not_wait_for_ever_for_a_request";
        let Some(mut bench) = Bench::new(name, STAGE) else { return };
        let group = bench.server.pid();
        let Some(strace) = bench.slow_disk(name, Duration::from_secs(60)) else { return };
        bench.reserve(1);
        bench.wait_for_requests(1);
        let before = Instant::now();
        bench.server.signal(Signal::SIGTERM);
        let gave_up = || bench.server.log().contains("q4 commit did not stop in time");
        wait::until_true("the end of the stop", SOON, gave_up);
        assert!(before.elapsed() < Duration::from_secs(2), "it took {:?}", before.elapsed());
        // The process has no more to do than to end, and strace would hold it until the delay ends.
        strace.kill();
        assert_eq!(bench.server.wait(SOON).code(), Some(2));
        bench.server.assert_nothing_left(group);
    }

    #[test]
    fn a_steady_view_costs_21_system_calls_on_both_sides() {
        let name = "a_steady_view_costs_21_system_calls_on_both_sides";
        let Some(bench) = Bench::new(name, STAGE) else { return };
        let mut client = bench.server.client();
        (0..50).for_each(|_| assert_eq!(client.view(2), 150));
        let Some(strace) = Strace::attach(name, &[bench.server.pid()], &["-c"]) else { return };
        let views = 500;
        (0..views).for_each(|_| assert_eq!(client.view(2), 150));
        let table = strace.finish();
        let total = table.lines().find(|line| line.trim_end().ends_with("total")).unwrap();
        let calls: u32 = total.split_whitespace().nth(3).unwrap().parse().unwrap();
        // The client's two, msgsnd and msgrcv; and a few of the watcher's in all.
        assert!((calls + 2 * views).div_ceil(views) <= 22, "{calls} for {views}:\n{table}");
        assert!(calls + 2 * views <= 21 * views + 100, "{calls} for {views}:\n{table}");
    }
}
