//! Is the table on the disk before the answer is sent?

use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::judge::course::{Asked, Course};
use crate::judge::hearing;
use crate::judge::scene::Scene;
use crate::judge::shows;
use crate::judge::trace::{Line, Trace};
use crate::kernel::thread;
use crate::verdict::item::{Ruling, Verdict};
use crate::words::number;

/// How long the first sync of each thread is held up. An answer that waits for it comes later.
const DELAY: Duration = Duration::from_secs(1);
/// The calls that write a file to its disk; strace leaves those out that a machine does not have.
const SYNCS: &str = "fsync,fdatasync,?sync,?syncfs,msync";
/// What strace writes of a call that goes on when the trace ends.
const CUT: &str = "<detached";
/// The lines of a trace that are shown.
const LINES: usize = 12;

/// Reserves while strace holds each sync up: the answer must come after it.
pub(super) fn ask(course: &Course<'_>) -> Asked<Ruling> {
    if course.question.one_program {
        return course.cannot("trace a server", &"the question has none");
    }
    let scene = Scene::start(course)?;
    let mut client = scene.client("ada")?;
    let show = shows::with_seats(course, &mut client, 2)?;
    let outcome = client.reserve(&show.name, "1");
    hearing::must_be_done(course, &outcome)?;
    let delay = course.patience.scale(DELAY);
    let trace = format!("trace={SYNCS},openat");
    let inject = format!("inject={SYNCS}:delay_enter={}:when=1", delay.as_micros());
    let options = ["-ttt", "-e", &trace, "-e", &inject];
    let attached = Trace::attach(&course.home, &scene.workers, &options);
    let trace = match attached {
        Ok(trace) => trace,
        Err(error) => return course.cannot("see a sync with strace", &error),
    };
    let outcome = client.reserve(&show.name, "1");
    let heard = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let lines = match trace.end() {
        Ok(lines) => lines,
        Err(error) => return course.cannot("see a sync with strace", &error),
    };
    hearing::must_be_done(course, &outcome)?;
    let shown = lines.iter().filter(|line| !line.text.contains("ENOENT")).take(LINES);
    let shown: Vec<String> = shown.map(|line| format!("{} {}", line.tid, line.text)).collect();
    let Some((began, is_over)) = first(&lines) else {
        if writes_through(&scene.workers, &lines) {
            return course.cannot("see a sync", &"a file is open with O_SYNC or O_DSYNC");
        }
        let fault = course.words.fault(Verdict::Fail, "fault-never-synced", &[]);
        return Err(Box::new(fault.with_lines(shown)));
    };
    let after = heard.saturating_sub(began);
    // The clock of a timer may be a little ahead.
    if is_over && after >= delay.mul_f64(0.9) {
        return Ok(Ruling::pass(shown));
    }
    let values =
        [("after", number(after.as_millis() as i64)), ("delay", number(delay.as_millis() as i64))];
    let fault = course.words.fault(Verdict::Fail, "fault-synced-late", &values);
    Err(Box::new(fault.with_lines(shown)))
}

/// When the first sync began, since 1970, and whether it ended before the trace did: one that has failed
/// has written nothing, and does not count.
fn first(lines: &[Line]) -> Option<(Duration, bool)> {
    let begins = lines.iter().enumerate().filter(|(_, line)| is_sync(&line.text));
    let mut good = begins.filter(|(at, line)| is_good(line, &lines[at + 1..]));
    let (_, line) = good.next()?;
    let began = line.text.split(' ').next()?.parse().ok()?;
    Some((Duration::try_from_secs_f64(began).ok()?, !line.text.contains(CUT)))
}

/// Whether a line begins a sync; its time stands before the call.
fn is_sync(text: &str) -> bool {
    let call = text.split_once(' ').map_or("", |(_, call)| call);
    let is_named =
        ["fsync(", "fdatasync(", "sync(", "syncfs("].iter().any(|name| call.starts_with(name));
    // Without MS_SYNC msync(2) waits for nothing.
    is_named || call.starts_with("msync(") && call.contains("MS_SYNC")
}

/// Whether a file is or was open so that each write is a sync, which nothing holds up here.
fn writes_through(pids: &[i32], lines: &[Line]) -> bool {
    let is_in_trace = |line: &Line| line.text.contains("O_SYNC") || line.text.contains("O_DSYNC");
    let infos = pids
        .iter()
        .filter_map(|&pid| fs::read_dir(format!("/proc/{}/fdinfo", thread::living(pid))).ok());
    let mut infos =
        infos.flatten().flatten().filter_map(|info| fs::read_to_string(info.path()).ok());
    let flags = |info: &str| {
        let line = info.lines().find_map(|line| line.strip_prefix("flags:"));
        line.and_then(|flags| i32::from_str_radix(flags.trim(), 8).ok()).unwrap_or(0)
    };
    lines.iter().any(is_in_trace) || infos.any(|info| flags(&info) & libc::O_DSYNC != 0)
}

/// Whether it returned 0, on its own line or on a later one of its thread, or has not returned.
fn is_good(line: &Line, later: &[Line]) -> bool {
    let rest = later.iter().find(|other| other.tid == line.tid);
    let end = if line.text.contains("<unfinished") { rest } else { Some(line) };
    end.is_some_and(|end| end.text.contains("= 0") || end.text.contains(CUT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(tid: i32, text: &str) -> Line {
        Line { tid, text: text.to_owned() }
    }

    #[test]
    fn a_sync_that_fails_or_waits_for_nothing_is_none() {
        let none = [
            line(7, "1.5 fsync(3) = -1 EIO (Input/output error) (DELAYED)"),
            line(7, "2.5 msync(0x7f0000000000, 4096, MS_ASYNC) = 0 (DELAYED)"),
            line(8, "3.5 fdatasync(3 <unfinished ...>"),
            line(9, "4.5 openat(AT_FDCWD, \"= 0\", O_RDONLY) = 3"),
        ];
        assert_eq!(first(&none), None);
        let resumed =
            [&none[2..], &[line(8, "4.6 <... fdatasync resumed>) = 0 (DELAYED)")]].concat();
        assert_eq!(first(&resumed), Some((Duration::from_millis(3500), true)));
        let cut = [line(9, "5.5 fsync(8 <detached ...>")];
        assert_eq!(first(&cut), Some((Duration::from_millis(5500), false)));
    }
}
