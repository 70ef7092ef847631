//! Nothing is found at healthy servers, idle and under load.

use std::time::{Duration, Instant};

use harness::effort::Effort;
use harness::history::load::Load;
use harness::say::say;
use harness::server::Server;
use harness::stage::{ALL, Stage};
use ipctop::messages::{Language, Messages};
use ipctop::scope::{Scope, Target};
use ipctop::text;
use ipctop::watch::Watcher;
use nix::sys::signal::Signal;

/// Clients at once.
const CLIENTS: u64 = 16;
/// The sample of shows has so many.
const SHOWS: i32 = 8;

/// How long a stop may take beside tests that keep all CPUs busy; the contract's tests are stricter.
const STOP_MAX: Duration = Duration::from_secs(60);

/// Stops a server.
pub(crate) fn end(server: &mut Server) {
    server.signal(Signal::SIGTERM);
    server.wait(STOP_MAX);
}

fn watch(stage: Stage, time: Duration) {
    let mut server = Server::start(stage);
    let mut watchers =
        [Target::Pid(server.pid()), Target::Dir(server.dir())].map(|t| Watcher::new(Scope::of(t)));
    let load = Load::start(&server, CLIENTS, SHOWS, 7);
    load.wait_for(CLIENTS);
    let begin = Instant::now();
    let mut looks = 0;
    while begin.elapsed() < time {
        for watcher in &mut watchers {
            let look = watcher.look();
            looks += 1;
            let findings = &look.findings;
            let page = || text::page(&look, &Messages::new(Language::English));
            assert!(findings.is_empty(), "{stage:?} is healthy: {findings:#?}\n{}", page());
            // With more than 500 processes on the machine, clients may come later.
            assert!(look.processes.len() >= stage.processes(), "{stage:?}: {}", page());
        }
        // What a client that rests between two looks of a user sees.
        std::thread::park_timeout(Duration::from_millis(200));
    }
    end(&mut server);
    load.join();
    say(&format!("{:<24} {looks} looks under load, no finding", stage.package()));
}

#[test]
fn healthy_servers_under_load_are_no_findings() {
    let _turn = crate::take_turn();
    let time = Effort::asked().of(
        Duration::from_millis(600),
        Duration::from_secs(5),
        Duration::from_secs(600),
    );
    // One over queues, one over sockets, and one with several processes stand for all at first.
    let few = [Stage::Q2Msgqueue, Stage::Q5Sockets, Stage::Q6Watchdog];
    let stages = Effort::asked().of(&few[..], &ALL[..], &ALL[..]);
    for &stage in stages {
        watch(stage, time);
    }
}
