//! What a verdict on a foreign server was made of: a run in which nothing was judged is no pass.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, Once};

use crate::evidence::Finding;
use crate::processes::family;
use crate::say::say;
use crate::sys;

/// How often the foreign server was started to be judged.
static STARTED: AtomicUsize = AtomicUsize::new(0);
/// Tests that cannot be asked of it.
static LEFT_OUT: AtomicUsize = AtomicUsize::new(0);
/// Whether a run without a test of it is a mistake.
static NEEDED: AtomicBool = AtomicBool::new(false);
static ADOPTS: Once = Once::new();
/// Why this machine cannot see all that a server leaves behind.
static LESS_CLOSELY: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// What makes the whole run no verdict, each once.
static FAULTS: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// The judged programs as they were when they were started first.
static PROGRAMS: Mutex<Option<HashMap<PathBuf, Identity>>> = Mutex::new(None);

/// What cargo's test runner exits with if a test has failed.
pub(crate) const FAILED: i32 = 101;

/// Which file a program is, and when it was written: device, inode, size, times of its data and of
/// its attributes.
type Identity = Option<(u64, u64, u64, (i64, i64), (i64, i64))>;

/// Has this test program end with a verdict on a foreign server, or with the reason why there is
/// none. One that may have no test of that server need not have one.
pub(crate) fn is_expected(needed: bool) {
    NEEDED.store(needed, Ordering::Relaxed);
    sys::at_exit(conclude);
}

/// Looks at the foreign server's program before each start. Its orphans become ours.
pub(crate) fn starts(program: &Path) {
    ADOPTS.call_once(family::adopt_orphans);
    let mut programs = lock(&PROGRAMS);
    let known = programs.get_or_insert_default();
    known.entry(program.to_owned()).or_insert_with(|| identity(program));
}

fn identity(program: &Path) -> Identity {
    let status = fs::metadata(program).ok()?;
    let written = (status.mtime(), status.mtime_nsec());
    let changed = (status.ctime(), status.ctime_nsec());
    Some((status.dev(), status.ino(), status.size(), written, changed))
}

/// Counts a start of the foreign server: something is judged.
pub(crate) fn started() {
    STARTED.fetch_add(1, Ordering::Relaxed);
}

/// Counts a test that cannot be asked of a foreign server, and says why, past the test runner's
/// capture: that runner knows only tests that pass and tests that fail.
pub fn left_out(test: &str, why: &str) {
    say(&format!("left out {test}: {why}"));
    LEFT_OUT.fetch_add(1, Ordering::Relaxed);
}

/// Says, once for each reason, that a server's leftovers may escape us.
pub(crate) fn looks_less_closely(why: &str) {
    let mut said = lock(&LESS_CLOSELY);
    if !said.iter().any(|known| known == why) {
        say(&format!("{why}, and looks less closely at what a server leaves behind"));
        said.push(why.to_owned());
    }
}

/// Keeps what makes the run no verdict, to be said at its end.
pub(crate) fn is_none(why: String) {
    let mut faults = lock(&FAULTS);
    if !faults.contains(&why) {
        faults.push(why);
    }
}

/// Keeps why a foreign server cannot be judged.
pub(crate) fn cannot_judge(program: &Path, finding: &Finding) {
    is_none(format!("{} cannot be judged:\n{finding}", program.display()));
}

/// What is wrong with a run that is over, whoever wrote the server: programs that have changed, and
/// processes that were left behind, which it kills.
pub fn faults() -> Vec<String> {
    let programs = lock(&PROGRAMS).take().unwrap_or_default();
    for (program, before) in programs {
        if identity(&program) != before {
            is_none(format!("{} has changed while it was judged", program.display()));
        }
    }
    if ADOPTS.is_completed() {
        for process in family::end_adopted() {
            is_none(format!("the judged server has left {process} behind; it is killed now"));
        }
    }
    lock(&FAULTS).clone()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("whoever holds it does not panic")
}

/// Says what the run was made of; one that has judged nothing fails.
extern "C" fn conclude() {
    let [started, left_out] = [&STARTED, &LEFT_OUT].map(|count| count.load(Ordering::Relaxed));
    let faults = faults();
    if started == 0 && left_out == 0 && faults.is_empty() && !NEEDED.load(Ordering::Relaxed) {
        return;
    }
    say(&format!("the foreign server was started {started} times, {left_out} tests left out"));
    faults.iter().for_each(|fault| say(fault));
    say(
        "a mark with evidence and hints: cargo run --release -p grade -- QUESTION FOLDER --door wire",
    );
    if started == 0 {
        say("nothing was judged: this is no verdict");
    }
    if started == 0 || !faults.is_empty() {
        sys::leave(FAILED);
    }
}
