//! What a server keeps of clients that are gone, and whether it rests when there are none.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::judge::course::{Asked, Course};
use crate::kernel::{processes, quiet, thread};
use crate::verdict::item::Verdict;
use crate::words::{number, text};

/// A server notices within this time that clients have gone.
const NOTICED: Duration = Duration::from_secs(1);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(5);

/// What the processes of a server have, by the names of words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept([(&'static str, i64); 4]);

impl Kept {
    /// What they have now. All clients must have gone.
    ///
    /// # Errors
    /// If the processes cannot be listed.
    pub(super) fn now(course: &Course<'_>) -> Asked<Kept> {
        let pids = processes(course)?;
        let entries = |folder: &str| -> i64 {
            let of = |pid: &i32| {
                fs::read_dir(format!("/proc/{}/{folder}", thread::living(*pid)))
                    .map_or(0, Iterator::count)
            };
            pids.iter().map(of).sum::<usize>() as i64
        };
        let maps = |pid: &i32| {
            fs::read_to_string(format!("/proc/{}/maps", thread::living(*pid))).unwrap_or_default()
        };
        let mappings = pids.iter().map(|pid| maps(pid).lines().count()).sum::<usize>() as i64;
        Ok(Kept([
            ("kept-threads", entries("task")),
            ("kept-descriptors", entries("fd")),
            ("kept-mappings", mappings),
            ("kept-zombies", processes::zombies_of(&pids) as i64),
        ]))
    }

    /// What has grown by nearly one for each of so many clients, if anything has. The stack of a
    /// thread is two mappings: the other one is its guard page.
    fn grown_since(&self, before: &Kept, n_clients: i64) -> Option<(&'static str, i64)> {
        let growths = self.0.iter().zip(&before.0).map(|(now, before)| (now.0, now.1 - before.1));
        let each = |what: &str| if what == "kept-mappings" { 2 } else { 1 };
        growths.into_iter().find(|(what, growth)| *growth * 4 >= n_clients * 3 * each(what))
    }
}

/// Whether nothing stays of so many clients, which came after `before`; and the server rests.
///
/// # Errors
/// What the submission lost by.
pub(super) fn check(course: &Course<'_>, before: &Kept, n_clients: usize) -> Asked<()> {
    let (begin, budget) = (Instant::now(), course.patience.scale(NOTICED));
    let n_clients = n_clients as i64;
    while let Some((what, grown)) = Kept::now(course)?.grown_since(before, n_clients) {
        if begin.elapsed() >= budget {
            let values = [
                ("count", number(n_clients)),
                ("what", text(course.words.say(what))),
                ("grown", number(grown)),
            ];
            return Err(Box::new(course.words.fault(Verdict::Fail, "fault-kept", &values)));
        }
        sleep(PAUSE);
    }
    match quiet::wait(&processes(course)?, course.patience) {
        true => Ok(()),
        false => course.fail("fault-no-rest", &[]),
    }
}

fn processes(course: &Course<'_>) -> Asked<Vec<i32>> {
    match course.surroundings.processes() {
        Ok(pids) => Ok(pids),
        Err(error) => course.cannot("list the processes", &error),
    }
}
