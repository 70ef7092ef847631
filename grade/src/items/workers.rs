//! Who serves requests: two threads that stay, or a thread or process that is made for each.

use std::collections::BTreeSet;
use std::fs;

use crate::assignment::question::Workers;
use crate::items::birth::{self, Answered};
use crate::judge::course::{Asked, Course};
use crate::judge::hearing;
use crate::judge::scene::Scene;
use crate::judge::shows;
use crate::judge::trace::Trace;
use crate::kernel::thread::{self, Doing};
use crate::kernel::waits::{self, Waits};
use crate::verdict::item::Verdict;
use crate::words::{number, text};

/// Reservations that are counted.
const REQUESTS: i64 = 10;
/// The lines of a trace that are shown.
const LINES: usize = 40;

/// Counts the tasks that are made while one client reserves ten times.
///
/// # Errors
/// What the submission lost by.
pub(super) fn check(course: &Course<'_>, scene: &Scene<'_>) -> Asked<Vec<String>> {
    let mut client = scene.client("ada")?;
    let show = shows::with_seats(course, &mut client, 1)?;
    let requests = REQUESTS.min(show.seats);
    let before = threads(scene);
    let slept = switches(&before);
    let receivers = before.iter().filter(|&&(pid, tid)| receives(pid, tid)).count();
    let per_request = [Workers::ThreadPerRequest, Workers::ProcessPerRequest];
    let trace = per_request
        .contains(&course.question.workers)
        .then(|| Trace::attach(&course.home, &scene.workers, &["-e", birth::CALLS]));
    let made_before = last_task(course)?;
    for _ in 0..requests {
        let outcome = client.reserve(&show.name, "1");
        hearing::must_be_done(course, &outcome)?;
    }
    let mut made = last_task(course)? - made_before;
    let trace = trace.map(|trace| trace.and_then(Trace::end));
    let without = match trace {
        Some(Ok(lines)) => {
            let answered = birth::count(&lines, course.question.mechanism);
            return check_answered(course, requests, answered).map_err(|mut lost| {
                let lines = lines.iter().take(LINES);
                lost.evidence.extend(lines.map(|line| format!("{} {}", line.tid, line.text)));
                lost
            });
        }
        Some(Err(error)) => Some(format!("strace: {error}: threads are not told from processes")),
        None => None,
    };
    if course.question.dialogue.one_action {
        // Each of its clients is a task itself.
        made -= requests;
    }
    let after = threads(scene);
    if course.question.workers == Workers::TwoThreads {
        for _ in 0..requests {
            hearing::left(course, &mut client, &show.name)?;
        }
    }
    let counted = Counted {
        requests,
        made,
        stayed: before.intersection(&after).count(),
        receivers,
        active: active(&slept, requests),
        processes: scene.workers.len(),
    };
    match counted.is_right(course.question.workers) {
        true => Ok([counted.line()].into_iter().chain(without).collect()),
        false => lost(course, &counted),
    }
}

/// What was counted.
#[derive(Debug)]
struct Counted {
    requests: i64,
    /// Tasks that were made meanwhile.
    made: i64,
    /// Threads that were there before and after.
    stayed: usize,
    /// Of these, those that waited for a request before.
    receivers: usize,
    /// Of these, those that served about as many as there were of a kind.
    active: usize,
    processes: usize,
}

impl Counted {
    fn is_right(&self, workers: Workers) -> bool {
        match workers {
            Workers::Any => true,
            // Both receive, or a third one gives them what it has received; consultations and
            // reservations keep both busy.
            Workers::TwoThreads => {
                let is_shared = (self.receivers >= 2 || self.stayed >= 3) && self.active >= 2;
                is_shared && self.processes == 1 && self.made < self.requests
            }
            Workers::ThreadPerRequest | Workers::ProcessPerRequest => self.made >= self.requests,
        }
    }

    fn line(&self) -> String {
        let Counted { requests, made, stayed, receivers, active, processes } = self;
        format!(
            "{requests} requests: {made} tasks made; {stayed} threads stay, {receivers} of them \
             receive, {active} serve, in {processes} processes"
        )
    }
}

fn lost<T>(course: &Course<'_>, counted: &Counted) -> Asked<T> {
    let values = [
        ("wanted", text(wanted(course))),
        ("requests", number(counted.requests)),
        ("made", number(counted.made)),
        ("stayed", number(counted.stayed as i64)),
        ("receivers", number(counted.receivers as i64)),
        ("active", number(counted.active as i64)),
        ("processes", number(counted.processes as i64)),
    ];
    let fault = course.words.fault(Verdict::Fail, "fault-workers", &values);
    Err(Box::new(fault.with(counted.line())))
}

/// Whether each request was answered by a task that was made for it.
fn check_answered(course: &Course<'_>, requests: i64, answered: Answered) -> Asked<Vec<String>> {
    let Answered { by_threads, by_processes } = answered;
    let is_right = match course.question.workers {
        Workers::ThreadPerRequest => by_threads >= requests,
        _ => by_processes >= requests,
    };
    if is_right {
        return Ok(vec![format!(
            "{requests} requests: {by_threads} answered by a new thread, {by_processes} by a new process"
        )]);
    }
    let values = [
        ("wanted", text(wanted(course))),
        ("requests", number(requests)),
        ("threads", number(by_threads)),
        ("processes", number(by_processes)),
    ];
    course.fail("fault-answered", &values)
}

/// What the question asks for, in words.
fn wanted(course: &Course<'_>) -> String {
    course.words.say(match course.question.workers {
        Workers::TwoThreads => "workers-two-threads",
        Workers::ThreadPerRequest => "workers-thread-per-request",
        _ => "workers-process-per-request",
    })
}

/// The threads of the server, each with its process.
fn threads(scene: &Scene<'_>) -> BTreeSet<(i32, i32)> {
    let of = |&pid: &i32| thread::of(pid).into_iter().map(move |tid| (pid, tid));
    scene.workers.iter().flat_map(of).collect()
}

/// How often each thread has gone to sleep.
fn switches(threads: &BTreeSet<(i32, i32)>) -> Vec<((i32, i32), u64)> {
    let of = |&(pid, tid): &(i32, i32)| Some(((pid, tid), thread::switches(pid, tid)?));
    threads.iter().filter_map(of).collect()
}

/// How many threads have gone to sleep since then about as often as there were requests of a kind.
fn active(before: &[((i32, i32), u64)], requests: i64) -> usize {
    let has_served = |((pid, tid), slept): &&((i32, i32), u64)| {
        let now = thread::switches(*pid, *tid).unwrap_or(*slept);
        now.saturating_sub(*slept) as i64 * 2 >= requests
    };
    before.iter().filter(has_served).count()
}

/// Whether a thread waits for something that somebody else sends.
fn receives(pid: i32, tid: i32) -> bool {
    let Some(Doing::Sleeps(call)) = thread::doing(pid, tid) else { return false };
    let waits = waits::of(pid, &call);
    matches!(waits, Waits::Message | Waits::At(_) | Waits::AtOneOf(..) | Waits::OtherEnd)
}

/// The id of the task that was made last, in this PID namespace. See proc_loadavg(5).
fn last_task(course: &Course<'_>) -> Asked<i64> {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    match load.split_whitespace().nth(4).and_then(|last| last.parse().ok()) {
        Some(last) => Ok(last),
        None => course.cannot("read /proc/loadavg", &load),
    }
}
