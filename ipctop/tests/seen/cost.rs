//! What a look costs.

use std::thread;
use std::time::Duration;

use ipctop::scope::{Scope, Target};
use ipctop::watch::Watcher;
use tests::say::say;

use crate::program::Stuck;

/// Programs without optimisation, on a machine that runs other tests too, take several times as long.
const SLOWER: u32 = if cfg!(debug_assertions) { 20 } else { 2 };

/// The fastest of some looks.
fn look(name: &'static str, all: bool) -> (Duration, usize, usize) {
    let run = move || {
        let stuck = Stuck::start(name).unwrap();
        let target = if all { Target::Mine } else { Target::Pid(stuck.pid()) };
        let mut watcher = Watcher::new(Scope::of(target));
        let looks: Vec<_> = (0..5).map(|_| watcher.look()).collect();
        let fastest = looks.iter().map(|look| look.took_us).min().unwrap();
        let last = looks.last().unwrap();
        (Duration::from_micros(fastest), last.processes.len(), last.queues.len())
    };
    thread::spawn(run).join().unwrap()
}

#[test]
fn a_look_at_500_processes_takes_a_tenth_of_a_second() {
    let _turn = crate::take_turn();
    let (took, processes, _) = look("five-hundred-processes", false);
    say(&format!("a look at {processes} processes takes {took:?}"));
    assert!(processes >= 500 && took < Duration::from_millis(100) * SLOWER, "{took:?}");
}

#[test]
fn a_look_at_1000_queues_takes_a_twentieth_of_a_second() {
    let _turn = crate::take_turn();
    let (took, _, queues) = look("thousand-queues", true);
    say(&format!("a look at {queues} queues takes {took:?}"));
    assert!(queues >= 1000 && took < Duration::from_millis(50) * SLOWER, "{took:?}");
}
