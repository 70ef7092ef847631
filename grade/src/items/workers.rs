//! Who serves requests: two threads that stay, or a thread or process that is made for each.

use std::collections::BTreeSet;
use std::fs;

use ipctop::scope::{Scope, Target};
use ipctop::watch;

use crate::assignment::question::Workers;
use crate::dialogue::client::Client;
use crate::judge::course::{Asked, Course};
use crate::judge::hearing;
use crate::judge::scene::Scene;
use crate::judge::shows;
use crate::kernel::thread::{self, Doing};
use crate::kernel::waits::{self, Waits};
use crate::verdict::item::Verdict;
use crate::words::{number, text};

/// Reservations that are counted.
const REQUESTS: i64 = 10;

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
    let made_before = last_task(course)?;
    for _ in 0..requests {
        let outcome = client.reserve(&show.name, "1");
        hearing::must_be_done(course, &outcome)?;
    }
    let mut made = last_task(course)? - made_before;
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
        senders: other_senders(scene, &client),
    };
    match counted.is_right(course.question.workers) {
        true => Ok(vec![counted.line()]),
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
    /// Queues into which the last message was sent by none of the processes that were there.
    senders: usize,
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
            Workers::ThreadPerRequest => self.made >= self.requests && self.senders == 0,
            Workers::ProcessPerRequest => self.made >= self.requests,
        }
    }

    fn line(&self) -> String {
        let Counted { requests, made, stayed, receivers, active, processes, senders } = self;
        format!(
            "{requests} requests: {made} tasks made; {stayed} threads stay, {receivers} of them \
             receive, {active} serve, in {processes} processes; {senders} queues have a message of \
             another process"
        )
    }
}

fn lost<T>(course: &Course<'_>, counted: &Counted) -> Asked<T> {
    let wanted = match course.question.workers {
        Workers::TwoThreads => "workers-two-threads",
        Workers::ThreadPerRequest => "workers-thread-per-request",
        _ => "workers-process-per-request",
    };
    let values = [
        ("wanted", text(course.words.say(wanted))),
        ("requests", number(counted.requests)),
        ("made", number(counted.made)),
        ("stayed", number(counted.stayed as i64)),
        ("receivers", number(counted.receivers as i64)),
        ("active", number(counted.active as i64)),
        ("processes", number(counted.processes as i64)),
        ("senders", number(counted.senders as i64)),
    ];
    let fault = course.words.fault(Verdict::Fail, "fault-workers", &values);
    Err(Box::new(fault.with(counted.line())))
}

/// Queues of System V whose last message is neither the client's nor of a process of the server: who
/// sends a reply from a process made for it is seen there.
fn other_senders(scene: &Scene<'_>, client: &Client<'_>) -> usize {
    let known = |pid: i32| pid == 0 || pid == client.pid() || scene.workers.contains(&pid);
    let look = watch::look(&Scope::of(Target::Pid(client.pid())));
    look.queues.iter().filter(|queue| !known(queue.last_sender)).count()
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
