//! Each situation is named within a second, by a sentence that says whom and what.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use harness::effort::Effort;
use harness::say::say;
use ipctop::model::look::Look;
use ipctop::scope::{Scope, Target};
use ipctop::watch::{self, Watcher};

use crate::program::Stuck;
use crate::table::{ROWS, Row, Seen};

/// What a user has patience for.
const NAMED_MAX: Duration = Duration::from_secs(1);
/// A machine that runs other tests at the same time may give this one no CPU for a while; how long
/// it really took is printed.
const GRACE: Duration = Duration::from_secs(9);
/// Looks after which it is late: one of a command, and those of a watcher after it.
const LOOKS_MAX: usize = 5;
/// How many of the situations need no right to trace: the count when this was written, less two.
const NAMED_WITHOUT_PTRACE: usize = 30;

/// Situations that are tried at the same time.
const AT_ONCE: usize = 4;

/// What became of a situation.
struct Outcome {
    row: Row,
    /// What was found, and how long after the situation was there.
    found: Option<(String, Duration)>,
    /// In how many looks.
    looks: usize,
    /// Whether it is also named without the right to trace.
    without_ptrace: bool,
    /// What this machine lacks.
    skipped: Option<String>,
}

#[test]
fn every_way_to_get_stuck_is_named_within_a_second() {
    let _turn = crate::take_turn();
    let step = Effort::asked().of(6, 1, 1);
    let rows: Vec<Row> = ROWS.iter().step_by(step).copied().collect();
    let outcomes = try_all(&rows);
    say(&format!("{:<30} {:<26} {:>8}  without ptrace", "situation", "finding", "ms"));
    for outcome in &outcomes {
        let (kind, ms) = match (&outcome.found, &outcome.skipped) {
            (Some((kind, after)), _) => (kind.clone(), after.as_millis().to_string()),
            (None, Some(needs)) => (format!("skipped: needs {needs}"), "-".to_owned()),
            (None, None) => ("NOT FOUND".to_owned(), "-".to_owned()),
        };
        let without = if outcome.without_ptrace { "named" } else { "-" };
        say(&format!("{:<30} {kind:<26} {ms:>8}  {without}", outcome.row.0));
    }
    let unnamed: Vec<&str> = outcomes
        .iter()
        .filter(|outcome| outcome.found.is_none() && outcome.skipped.is_none())
        .map(|outcome| outcome.row.0)
        .collect();
    assert!(unnamed.is_empty(), "not named: {unnamed:?}");
    // On a quiet machine a look takes a quarter of a second; on a loaded one only their number says
    // something.
    let is_late = |outcome: &&Outcome| match &outcome.found {
        Some((_, after)) => outcome.looks > LOOKS_MAX || is_quiet() && *after > NAMED_MAX,
        None => false,
    };
    let late: Vec<&str> = outcomes.iter().filter(is_late).map(|outcome| outcome.row.0).collect();
    // One in fifty; a thread that spins needs a CPU to be seen.
    let share = if is_quiet() { 50 } else { 20 };
    assert!(late.len() * share <= outcomes.len().max(share), "named late: {late:?}");
    if step == 1 {
        let without = outcomes.iter().filter(|outcome| outcome.without_ptrace).count();
        assert!(without >= NAMED_WITHOUT_PTRACE, "{without} named without ptrace");
    }
}

/// Whether no more threads want to run than there are CPUs.
fn is_quiet() -> bool {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap();
    let load: f64 = load.split(' ').next().unwrap().parse().unwrap();
    load <= thread::available_parallelism().unwrap().get() as f64
}

/// Several at once: most of the time they wait for the second look. Those that need a CPU to be seen
/// come last, one by one.
fn try_all(rows: &[Row]) -> Vec<Outcome> {
    let (hungry, others): (Vec<Row>, Vec<Row>) =
        rows.iter().copied().partition(|row| row.1 == "spinning");
    let mut done = try_several(&others, AT_ONCE);
    done.extend(try_several(&hungry, 1));
    done.sort_by_key(|outcome| rows.iter().position(|row| row.0 == outcome.row.0));
    done
}

fn try_several(rows: &[Row], at_once: usize) -> Vec<Outcome> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some(&row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
            // An IPC namespace belongs to a thread.
            done.push(thread::spawn(move || try_one(row)).join().unwrap());
        }
        done
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..at_once).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    })
}

fn try_one(row: Row) -> Outcome {
    let (name, kind, seen) = row;
    let mut outcome = Outcome { row, found: None, looks: 0, without_ptrace: false, skipped: None };
    let stuck = match Stuck::start(name) {
        Ok(stuck) => stuck,
        Err(needs) => {
            outcome.skipped = Some(needs);
            return outcome;
        }
    };
    let target = match seen {
        Seen::Pid => Target::Pid(stuck.pid()),
        Seen::Mine => Target::Mine,
        Seen::Dir => Target::Dir(stuck.dir.path().to_owned()),
    };
    let scope = Scope::of(target);
    let begin = Instant::now();
    let mut last = Look::default();
    let mut watcher = Watcher::new(scope.clone());
    while outcome.found.is_none() && begin.elapsed() < NAMED_MAX + GRACE {
        outcome.looks += 1;
        last = if outcome.looks == 1 { watch::look(&scope) } else { watcher.look() };
        let named = last.findings.iter().find(|finding| finding.kind == kind);
        outcome.found = named.map(|finding| {
            assert!(!finding.text.contains('{') && !finding.next.contains('{'), "{finding:?}");
            assert!(!finding.next.is_empty() && finding.text != finding.kind, "{finding:?}");
            (finding.kind.clone(), begin.elapsed())
        });
        if outcome.found.is_none() && outcome.looks > 1 {
            thread::park_timeout(watch::BETWEEN);
        }
    }
    if outcome.found.is_none() {
        say(&format!("{name} is not {kind}, but: {:#?}", last.findings));
        say(&ipctop::text::page(&last, &ipctop::messages::Messages::new(scope.language)));
    }
    if Effort::asked() == Effort::Quick {
        return outcome;
    }
    let without = watch::look(&Scope { without_ptrace: true, ..scope });
    outcome.without_ptrace = without.findings.iter().any(|finding| finding.kind == kind);
    outcome
}
