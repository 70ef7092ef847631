//! Do threads end with their requests, and give their stacks back?

use std::fs;

use crate::dialogue::reading::Answer;
use crate::judge::course::{Asked, Course};
use crate::judge::hearing;
use crate::judge::scene::Scene;
use crate::judge::shows;
use crate::kernel::thread;
use crate::verdict::item::{Ruling, Verdict};
use crate::words::number;

/// Reservations in one round, each after a view. In the first round a program may still grow: stacks are
/// kept for the next thread, and memory for each processor.
const REQUESTS: u64 = 40;
/// What each round after the first may add to the memory, in KiB: the smallest stack for each request.
/// One that is leaked has usually 8 MiB.
const KIB_MAX: u64 = REQUESTS * 16;
/// And to the number of threads.
const THREADS_MAX: u64 = REQUESTS / 2;

/// What the server has.
#[derive(Clone, Copy, Debug)]
struct Size {
    /// Its address space (VmSize), in KiB.
    kib: u64,
    threads: u64,
}

/// Three rounds of requests; the second and the third must add nothing.
pub(super) fn ask(course: &Course<'_>) -> Asked<Ruling> {
    let scene = Scene::start(course)?;
    if course.question.one_program {
        return course.cannot("look at the threads of a server", &"the question has none");
    }
    let mut client = scene.client("ada")?;
    let show = shows::with_seats(course, &mut client, 1)?;
    let mut sizes = Vec::new();
    loop {
        for _ in 0..REQUESTS {
            hearing::left(course, &mut client, &show.name)?;
            let outcome = client.reserve(&show.name, "1");
            // Sold out, it is a request all the same.
            if outcome.answer != Answer::Refused {
                hearing::must_be_done(course, &outcome)?;
            }
        }
        sizes.push(size(&scene.workers));
        let Some([before, now]) = sizes.last_chunk::<2>() else { continue };
        let kib = now.kib.saturating_sub(before.kib);
        let threads = now.threads.saturating_sub(before.threads);
        if kib < KIB_MAX && threads < THREADS_MAX {
            return Ok(Ruling::pass(lines(&sizes)));
        }
        if sizes.len() > 2 {
            let values = [
                ("requests", number(REQUESTS as i64)),
                ("kib", number(kib as i64)),
                ("threads", number(threads as i64)),
            ];
            let fault = course.words.fault(Verdict::Fail, "fault-threads-leak", &values);
            return Err(Box::new(fault.with_lines(lines(&sizes))));
        }
    }
}

fn lines(sizes: &[Size]) -> Vec<String> {
    let rounds = sizes.iter().enumerate();
    let line = |(nth, size): (usize, &Size)| {
        let requests = (nth as u64 + 1) * REQUESTS;
        format!("after {requests} reservations: VmSize {} KiB, {} threads", size.kib, size.threads)
    };
    rounds.map(line).collect()
}

fn size(pids: &[i32]) -> Size {
    let kib = |pid: &i32| {
        let status = format!("/proc/{}/status", thread::living(*pid));
        let status = fs::read_to_string(status).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmSize:"));
        line.and_then(|line| line.trim_end_matches("kB").trim().parse().ok()).unwrap_or(0)
    };
    Size {
        kib: pids.iter().map(kib).sum::<u64>(),
        threads: pids.iter().map(|&pid| thread::of(pid).len() as u64).sum(),
    }
}
