//! The stages of threads seen from outside: how many there are, and what bounds them.
#![expect(clippy::unwrap_used, reason = "a test's helpers may panic as the test itself")]

use std::time::{Duration, Instant};

use common::client::ask::Ask;
use common::protocol::reply::Reply;
use common::protocol::request::Request;
use harness::server::Server;
use harness::stage::{Stage, is_ours};
use harness::strace::Strace;
use harness::wait;
use harness::wire::{RequestClass, Wire};
use nix::sys::signal::Signal;
use nix::unistd::gettid;
use zerocopy::IntoBytes;

mod q3_threads;
mod q4_thread_per_request;

/// Far more than anything here takes.
const SOON: Duration = Duration::from_secs(10);

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
        let mut table = common::booking::shows::sample();
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
        self.wire.send(RequestClass::Reservation, request.as_bytes());
    }

    fn view(&self, nonce: u64) {
        let request = Request::new(self.me, nonce, Ask::View { show: 2 });
        self.wire.send(RequestClass::Consultation, request.as_bytes());
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

/// Stops a server in the middle of a sync that lasts: it says which thread it has waited for.
fn stop_with_a_hanging_disk(stage: Stage, office: &str) {
    let name = "a_stop_does_not_wait_for_ever_for_a_reservation";
    let Some(mut bench) = Bench::new(name, stage) else { return };
    let group = bench.server.pid();
    let Some(strace) = bench.slow_disk(name, Duration::from_secs(60)) else { return };
    bench.reserve(1);
    let is_written = || bench.server.table_on_disk().rows[0].seats == 999;
    wait::until_true("the write before the sync", SOON, is_written);
    let before = Instant::now();
    bench.server.signal(Signal::SIGTERM);
    let gave_up = || bench.server.log().contains(&format!("{office} did not stop in time"));
    wait::until_true("the end of the stop", SOON, gave_up);
    assert!(before.elapsed() < Duration::from_secs(2), "it took {:?}", before.elapsed());
    // The process has no more to do than to end, and strace would hold it until the delay ends.
    strace.kill();
    assert_eq!(bench.server.wait(SOON).code(), Some(2));
    bench.server.assert_nothing_left(group);
}
