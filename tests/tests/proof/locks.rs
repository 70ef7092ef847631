//! The shared lock: its holder is killed or stopped at any instruction, and the other one goes on
//! or says why it cannot.

use std::time::{Duration, Instant};

use common::program::process;
use harness::effort::Effort;
use harness::ptrace::tracer::AtLock;
use harness::runner::sweep::Sweep;
use harness::say::say;
use harness::stage::{ALL, Stage, is_ours};
use harness::wait;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::scene::{BEHIND, END_MAX, Reached, Scene, Victim};

/// A holder is killed at every instruction, and so often at least.
const KILLS: u64 = 500;
/// A holder is stopped at so many instructions.
const STOPS: u64 = 100;
/// What a server says that has lost a worker.
const KILLED: &str = "was killed by SIGKILL";
/// What a worker says when it finds the holder stopped.
const CLEAR: &str = "holds the shared lock and is stopped";

/// How long the other worker may take to go on.
fn go_on_max() -> Duration {
    Effort::asked().of(Duration::from_secs(1), Duration::from_secs(1), Duration::from_millis(50))
}

/// Which instructions are tried.
#[derive(Clone, Copy, Debug)]
enum Points {
    /// All of them, so often that there are at least as many points.
    Every(u64),
    /// So many, evenly spread.
    Spread(u64),
}

/// How many instructions there are from a worker's coming to the lock until it has left it, and
/// some more.
fn length(test: &str, stage: Stage, victim: Victim) -> Option<u64> {
    let (_scene, at_lock) = Scene::set(test, stage, victim)?;
    let (mut instructions, mut held) = (0, 0);
    while held == 0 || at_lock.is_holder() {
        assert!(at_lock.step(), "nobody harms it");
        instructions += 1;
        held += u64::from(at_lock.is_holder());
    }
    at_lock.leave(false);
    println!(
        "{victim:?} of {}: {instructions} instructions, {held} with the lock",
        stage.package()
    );
    Some(instructions + BEHIND)
}

/// Tries every stage with a shared lock: a worker and an instruction for each point, at least
/// `points` of them.
fn sweep(test: &str, name: &str, points: Points, mut try_point: impl FnMut(Scene, AtLock, u64)) {
    if !is_ours(test) {
        return;
    }
    let stages: Vec<Stage> = ALL.into_iter().filter(|stage| stage.sharers().is_some()).collect();
    for &stage in &stages {
        let victims = [Victim::Consultation, Victim::Reservation];
        let [Some(first), Some(second)] = victims.map(|victim| length(test, stage, victim)) else {
            return;
        };
        let every = first + second;
        let count = match points {
            Points::Every(least) => every * least.div_ceil(every),
            Points::Spread(count) => count,
        };
        // Two items, killed and stopped, share the time.
        let parts = 2 * stages.len() as u32;
        Sweep::new(&format!("{name}-{}", stage.package()), count, parts).run(|point| {
            let at = match points {
                Points::Every(_) => point % every,
                Points::Spread(count) => point * every / count,
            };
            let (victim, instructions) =
                if at < first { (victims[0], at) } else { (victims[1], at - first) };
            let (scene, at_lock) = Scene::set(test, stage, victim).expect("it was allowed before");
            try_point(scene, at_lock, instructions);
        });
    }
}

#[test]
fn the_other_worker_goes_on_when_the_holder_of_the_lock_is_killed() {
    let (mut times, mut free, mut stopped) = (Vec::new(), 0, 0);
    let try_point = |mut scene: Scene, at_lock: AtLock, instructions| {
        let reached = scene.step(&at_lock, instructions);
        let before = Instant::now();
        at_lock.kill();
        let words = match reached {
            Reached::Free => {
                free += 1;
                KILLED
            }
            Reached::Holding if scene.answer(go_on_max()).is_some() => {
                times.push(before.elapsed());
                KILLED
            }
            // On a loaded machine it may have looked while the holder was stopped by us.
            Reached::Holding | Reached::Killed => {
                stopped += 1;
                CLEAR
            }
        };
        scene.assert_ended(words);
    };
    let name = "the_other_worker_goes_on_when_the_holder_of_the_lock_is_killed";
    sweep(name, "lock-killed", Points::Every(KILLS), try_point);
    times.sort_unstable();
    say(&format!(
        "proof locks: {} went on, after {:?} in the middle and {:?} at most; {free} had no need to \
         wait, {stopped} servers stopped",
        times.len(),
        times.get(times.len() / 2),
        times.last()
    ));
}

#[test]
fn the_server_says_so_when_the_holder_of_the_lock_is_stopped() {
    let try_point = |mut scene: Scene, at_lock: AtLock, instructions| {
        let reached = scene.step(&at_lock, instructions);
        at_lock.leave(true);
        if reached == Reached::Free {
            let pid = scene.victim_pid;
            wait::until_true("a stopped worker", END_MAX, || process::state(pid) == Some('T'));
            kill(Pid::from_raw(pid), Signal::SIGCONT).unwrap();
        } else {
            scene.assert_ended(CLEAR);
        }
    };
    let name = "the_server_says_so_when_the_holder_of_the_lock_is_stopped";
    sweep(name, "lock-stopped", Points::Spread(STOPS), try_point);
}
