//! What a look costs, in CPU time: a loaded machine makes it longer, not much dearer.

use std::thread;
use std::time::Duration;

use harness::effort::Effort;
use harness::say::say;
use ipctop::price::{self, Price};
use ipctop::scope::{Scope, Target};
use ipctop::watch::Watcher;

use crate::program::Stuck;

/// Programs without optimisation take several times as long.
const SLOWER: u32 = if cfg!(debug_assertions) { 8 } else { 1 };
/// The dearest of some looks also pays for what other programs do to the caches of the CPU.
const BESIDE_OTHERS: u32 = 3;
/// Looks until all of 5000 processes are read, 500 in each, and some more.
const LOOKS: u32 = 16;

fn price(name: &'static str, is_narrow: bool, looks: u32) -> Price {
    let run = move || {
        let stuck = Stuck::start(name).unwrap();
        let target = if is_narrow { Target::Pid(stuck.pid()) } else { Target::Mine };
        let mut watcher = Watcher::new(Scope::of(target));
        price::measure(&mut watcher, looks, Duration::ZERO)
    };
    thread::spawn(run).join().unwrap()
}

fn assert_cheap(what: &str, price: &Price, limit_ms: u64) {
    let limit = Duration::from_millis(limit_ms) * SLOWER;
    let Price { cheapest, dearest, .. } = price;
    say(&format!("cost of a look at {what}: {cheapest:?}, the first ones {dearest:?}"));
    assert!(*cheapest < limit && *dearest < limit * BESIDE_OTHERS, "{what}: at most {limit:?}");
}

#[test]
fn a_look_at_500_processes_takes_a_tenth_of_a_second() {
    if Effort::asked() == Effort::Quick {
        return;
    }
    let _turn = crate::take_turn();
    let price = price("five-hundred-processes", true, 5);
    assert!(price.last.processes.len() >= 500);
    assert_cheap("500 processes", &price, 100);
}

#[test]
fn a_look_at_1000_queues_takes_a_twentieth_of_a_second() {
    if Effort::asked() == Effort::Quick {
        return;
    }
    let _turn = crate::take_turn();
    let price = price("thousand-queues", false, 5);
    assert!(price.last.queues.len() >= 1000);
    assert_cheap("1000 queues", &price, 50);
}

#[test]
fn a_look_at_5000_processes_takes_a_quarter_of_a_second() {
    if Effort::asked() != Effort::Night {
        return;
    }
    let _turn = crate::take_turn();
    let price = price("five-thousand-processes", true, LOOKS);
    assert!(price.last.processes.len() >= 5000);
    assert!(!price.last.notes.iter().any(|note| note.kind == "processes-not-read"));
    assert_cheap("5000 processes", &price, 250);
}
