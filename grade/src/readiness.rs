//! When a server can be asked: as its kernel sees it, or as its assignment says.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::process::ExitStatus;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use regex::{Regex, RegexBuilder};

use crate::assignment::question::Ready;
use crate::kernel::processes::Family;
use crate::kernel::thread::{self, Doing};
use crate::kernel::waits::{self, Waits};
use crate::launch::process::Process;
use crate::launch::program::Program;
use crate::patience::Patience;
use crate::terminal::transcript::Transcript;
use crate::terminal::turn::Stuck;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(2);
/// A server must be seen waiting twice, or gone twice, this far apart.
const APART: Duration = Duration::from_millis(10);
/// A server that has its object for so long, and was never seen waiting, polls.
const POLLS_AFTER: Duration = Duration::from_millis(500);
/// Bytes of its output that are searched for a line, at most: the last ones.
const SAID_MAX: u64 = 1 << 20;
/// Bytes of its output that are shown, at most: the last ones.
const OUTPUT_MAX: usize = 2000;

/// A server that can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// How that is known.
    pub sign: Sign,
    /// All its processes, a daemon and its workers included.
    pub pids: Vec<i32>,
    /// How long it took.
    pub used: Duration,
}

/// How it is known that a server can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// It waits for a request.
    Waits,
    /// It has something that requests could come through, but was never seen waiting: it may look at it
    /// from time to time. The first consultation tells.
    Polls,
    /// It has said its line.
    Line,
    /// The time has passed.
    Time,
}

/// Why a server cannot be asked.
#[derive(Debug)]
pub enum NotReady {
    /// It ended.
    Ended {
        /// How.
        status: ExitStatus,
        /// The end of what it had said.
        output: String,
    },
    /// It was not ready in time.
    Late {
        /// Where it waits.
        stuck: Box<Stuck>,
        /// The end of what it has said.
        output: String,
        /// Whether it waits for a request, but has not said its line: it may still be in a buffer of
        /// stdio, for want of fflush.
        waits: bool,
    },
    /// The pattern of its line is none.
    Pattern(regex::Error),
    /// It could not be asked how it ended.
    Unknown(io::Error),
}

/// Waits until a server that was just started, to run `program`, can be asked; its output goes to the file `log`.
///
/// # Errors
/// Why it cannot be asked.
pub fn wait(
    server: &mut Process,
    program: &Program,
    log: &Path,
    ready: &Ready,
    patience: Patience,
) -> Result<Asked, NotReady> {
    let mut watch = Watch {
        family: Family::of(server.pid(), program),
        began: Instant::now(),
        began_at: SystemTime::now(),
        waits_since: None,
        polls_after: patience.scale(POLLS_AFTER),
    };
    let line = match ready {
        Ready::Line(pattern) => Some(compile(pattern).map_err(NotReady::Pattern)?),
        _ => None,
    };
    let budget = match ready {
        // It is the teacher's word: no server is late before it.
        Ready::AfterMs(ms) => patience.ready() + Duration::from_millis(*ms),
        _ => patience.ready(),
    };
    // A daemon in the making can be overlooked once: while its parent ends, it is nobody's child that
    // is known.
    let mut gone_since = None;
    loop {
        let status = server.status().map_err(NotReady::Unknown)?;
        let pids = watch.family.living();
        if !pids.is_empty() {
            gone_since = None;
        } else if let Some(status) = status
            && gone_since.get_or_insert_with(Instant::now).elapsed() >= patience.scale(APART)
        {
            return Err(NotReady::Ended { status, output: output(log) });
        }
        let used = watch.began.elapsed();
        let kernel = watch.look(&pids);
        let sign = match (ready, &line) {
            (Ready::AfterMs(ms), _) => (used >= Duration::from_millis(*ms)).then_some(Sign::Time),
            (_, Some(line)) => line.is_match(&said(log)).then_some(Sign::Line),
            _ => kernel,
        };
        if let Some(sign) = sign {
            return Ok(Asked { sign, pids, used });
        }
        if used >= budget {
            let stuck = Box::new(Stuck::look(budget, used, &pids));
            let waits = kernel == Some(Sign::Waits);
            return Err(NotReady::Late { stuck, output: output(log), waits });
        }
        sleep(PAUSE);
    }
}

struct Watch {
    family: Family,
    began: Instant,
    began_at: SystemTime,
    waits_since: Option<Instant>,
    polls_after: Duration,
}

impl Watch {
    /// What the kernel says of these processes now.
    fn look(&mut self, pids: &[i32]) -> Option<Sign> {
        let mut runs = false;
        let mut waits = false;
        for &pid in pids {
            for tid in thread::of(pid) {
                match thread::doing(pid, tid) {
                    Some(Doing::Runs) => runs = true,
                    Some(Doing::Sleeps(call)) => waits |= is_request(pid, &waits::of(pid, &call)),
                    _ => {}
                }
            }
        }
        if !waits || runs {
            self.waits_since = None;
            let polls = self.began.elapsed() >= self.polls_after && has_object(pids, self.began_at);
            return polls.then_some(Sign::Polls);
        }
        let since = *self.waits_since.get_or_insert_with(Instant::now);
        (since.elapsed() >= APART).then_some(Sign::Waits)
    }
}

/// Whether a process that waits so waits for a request.
fn is_request(pid: i32, waits: &Waits) -> bool {
    match waits {
        Waits::At(number) => is_channel(pid, *number),
        Waits::AtOneOf(numbers, _) => numbers.iter().any(|&number| is_channel(pid, number)),
        Waits::Message | Waits::Semaphore | Waits::OtherEnd => true,
        // A semaphore of POSIX, or a mutex, between processes.
        Waits::Futex(address, may_be_shared) => *may_be_shared && waits::is_shared(pid, *address),
        Waits::Child | Waits::Time | Waits::Other => false,
    }
}

fn is_channel(pid: i32, number: i32) -> bool {
    use std::os::unix::fs::FileTypeExt;
    let kind = waits::descriptor(pid, number).map(|file| file.file_type());
    kind.is_some_and(|kind| kind.is_fifo() || kind.is_socket())
}

/// Whether there is something that requests could come through: a FIFO, a socket or a queue that one of
/// these has open, or an object of System V made since then.
fn has_object(pids: &[i32], since: SystemTime) -> bool {
    let has_open = |&pid: &i32| {
        let folder = format!("/proc/{}/fd", thread::living(pid));
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let mut numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        numbers.any(|number| is_channel(pid, number))
    };
    let since = since.duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    pids.iter().any(has_open) || ["msg", "sem", "shm"].iter().any(|kind| was_made(kind, since))
}

/// Whether an object of this kind was made or changed since then, in seconds since 1970.
fn was_made(kind: &str, since: u64) -> bool {
    let table = fs::read_to_string(format!("/proc/sysvipc/{kind}")).unwrap_or_default();
    let mut lines = table.lines();
    let head = lines.next().unwrap_or_default();
    let Some(column) = head.split_whitespace().position(|name| name == "ctime") else {
        return false;
    };
    let changed = |line: &str| line.split_whitespace().nth(column)?.parse::<u64>().ok();
    lines.filter_map(changed).any(|changed| changed >= since)
}

fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).multi_line(true).build()
}

/// What a program has said into a file, as plain text: its end, if that is long.
fn said(log: &Path) -> String {
    let mut bytes = Vec::new();
    if let Ok(mut file) = File::open(log) {
        let begin = file.metadata().map_or(0, |found| found.len()).saturating_sub(SAID_MAX);
        // What cannot be read was not said.
        let _ = file.seek(SeekFrom::Start(begin));
        let _ = file.take(SAID_MAX).read_to_end(&mut bytes);
    }
    let mut transcript = Transcript::default();
    transcript.add(&bytes);
    transcript.settle();
    transcript.text().to_owned()
}

fn output(log: &Path) -> String {
    let said = said(log);
    let mut begin = said.len().saturating_sub(OUTPUT_MAX);
    while !said.is_char_boundary(begin) {
        begin += 1;
    }
    said[begin..].to_owned()
}
