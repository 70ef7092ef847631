//! How much memory the screen takes, however long it runs.

use std::env;
use std::fs;
use std::io::{Read, Write};
use std::process::Command;
use std::time::{Duration, Instant};

use harness::effort::Effort;
use harness::say::say;
use harness::wait;
use ipctop::scope::{Scope, Target};
use ipctop::screen::state::State;
use ipctop::watch::Watcher;

use crate::screen::drawn;
use crate::terminal::screen;

/// KiB that only the screen has.
const KIB_MAX: u64 = 30 * 1024;
/// KiB by which many looks may let it grow: the allocator's pieces settle.
const GROWTH_MAX: u64 = 2 * 1024;
/// Says in which run of this test program the looks are made, and how many.
const LOOKS: &str = "IPCTOP_TEST_LOOKS";

fn private_dirty(pid: &str) -> u64 {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap();
    let line = rollup.lines().find(|line| line.starts_with("Private_Dirty:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn the_screen_takes_thirty_mebibytes_at_most() {
    if Effort::asked() == Effort::Quick {
        return;
    }
    let time = Effort::asked().of(0, 5, 3600);
    let mut screen = screen();
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(time) {
        if wait::until_readable(&screen.master, Duration::from_millis(100)) {
            let _ = screen.master.read(&mut [0; 4096]).unwrap();
        }
    }
    let kib = private_dirty(&screen.child.id().to_string());
    say(&format!("the screen has {kib} KiB after {time} s"));
    assert!(kib <= KIB_MAX, "{kib} KiB");
    screen.master.write_all(b"q").unwrap();
    assert!(screen.end().0.success());
}

/// Looks and draws as the screen does, without pause, while processes come and go.
#[test]
fn looks_without_pause_only_when_it_is_asked_to() {
    let Ok(looks) = env::var(LOOKS) else { return };
    let looks: u32 = looks.parse().unwrap();
    let scope = Scope { peeks: true, with_memory: true, ..Scope::of(Target::Mine) };
    let (mut watcher, mut state) = (Watcher::new(scope.clone()), State::new(&scope));
    let mut settled = 0;
    for number in 0..looks {
        assert!(Command::new("true").status().unwrap().success());
        state.show(watcher.look());
        drawn(&mut state, 200, 60);
        if number == looks / 4 {
            settled = private_dirty("self");
        }
    }
    println!("KiB {settled} {}", private_dirty("self"));
}

#[test]
fn many_looks_take_no_more_memory_than_some() {
    if Effort::asked() == Effort::Quick {
        return;
    }
    let _turn = crate::take_turn();
    // An hour has 7200 looks.
    let looks = Effort::asked().of(0, 60, 7200);
    let name = "footprint::looks_without_pause_only_when_it_is_asked_to";
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture"]).env(LOOKS, looks.to_string());
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find_map(|line| line.split_once("KiB ")).map(|(_, rest)| rest);
    let numbers = line.unwrap_or_else(|| panic!("{output:?}")).split(' ');
    let numbers: Vec<u64> = numbers.map(|number| number.parse().unwrap()).collect();
    let [settled, end] = numbers[..] else { panic!("{text}") };
    say(&format!("{looks} looks and screens: {settled} KiB after a quarter, {end} KiB at the end"));
    assert!(end <= KIB_MAX && end <= settled + GROWTH_MAX, "{settled} KiB, then {end} KiB");
}
