//! Who answers requests, as strace sees it: a thread or a process that was made for it, or one that was
//! there before.

use std::collections::{BTreeMap, BTreeSet};

use crate::assignment::question::Mechanism;
use crate::judge::trace::Line;

/// The calls that are traced: who is made, who takes a request, who answers. strace leaves those with a
/// question mark out where a machine does not have them.
pub(super) const CALLS: &str = "trace=clone,?clone3,?fork,?vfork,msgrcv,mq_timedreceive,?accept,accept4,\
     msgsnd,mq_timedsend,write,writev,sendto,sendmsg";

const MAKE: [&str; 4] = ["clone", "clone3", "fork", "vfork"];
const TAKE: [&str; 4] = ["msgrcv", "mq_timedreceive", "accept", "accept4"];

/// Tasks that were made after a request had been taken, and answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Answered {
    pub(super) by_threads: i64,
    pub(super) by_processes: i64,
}

/// Counts them in a trace.
pub(super) fn count(trace: &[Line], mechanism: Option<Mechanism>) -> Answered {
    let born = born(trace);
    let (mut took, mut answered) = (BTreeSet::new(), BTreeSet::new());
    for Line { tid, text } in trace {
        let (name, _) = call(text);
        if TAKE.contains(&name) && result(text).is_some_and(|result| result >= 0) {
            took.insert(*tid);
        } else if is_answer(text, mechanism) && !took.contains(tid) {
            // One that takes its request itself was there before it.
            answered.insert(*tid);
        }
    }
    let kinds = || answered.iter().filter_map(|tid| born.get(tid));
    let by_threads = kinds().filter(|is_thread| **is_thread).count() as i64;
    Answered { by_threads, by_processes: kinds().count() as i64 - by_threads }
}

/// The tasks that were made, and whether each is a thread of its maker's process.
fn born(trace: &[Line]) -> BTreeMap<i32, bool> {
    let mut born = BTreeMap::new();
    let mut begun: BTreeMap<i32, bool> = BTreeMap::new();
    for Line { tid, text } in trace {
        let (name, is_begin) = call(text);
        if !MAKE.contains(&name) {
            continue;
        }
        if is_begin {
            begun.insert(*tid, text.contains("CLONE_THREAD"));
        }
        let is_thread = begun.get(tid).copied().unwrap_or(false);
        if let Some(child) = result(text).filter(|child| *child > 0) {
            born.insert(child as i32, is_thread);
        }
    }
    born
}

/// The name of a call, and whether the line has its arguments: one that waits has a second line.
fn call(text: &str) -> (&str, bool) {
    match text.strip_prefix("<... ") {
        Some(rest) => (rest.split(' ').next().unwrap_or_default(), false),
        None => (text.split('(').next().unwrap_or_default(), true),
    }
}

fn result(text: &str) -> Option<i64> {
    let (_, result) = text.rsplit_once(") = ").or_else(|| text.rsplit_once("= "))?;
    result.split(' ').next()?.parse().ok()
}

/// Whether a line is an answer by this mechanism; standard output and errors are none.
fn is_answer(text: &str, mechanism: Option<Mechanism>) -> bool {
    let (name, is_begin) = call(text);
    let is_said = text.contains("(1, ") || text.contains("(2, ");
    let is_message = ["msgsnd", "mq_timedsend"].contains(&name);
    let is_written = ["write", "writev"].contains(&name) && !is_said;
    let is_sent = ["sendto", "sendmsg"].contains(&name);
    is_begin
        && match mechanism {
            Some(Mechanism::Queue) => is_message,
            Some(Mechanism::Pipe) => is_written,
            Some(Mechanism::Socket) => is_written || is_sent,
            None => is_message || is_written || is_sent,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(lines: &[(i32, &str)]) -> Vec<Line> {
        lines.iter().map(|&(tid, text)| Line { tid, text: text.to_owned() }).collect()
    }

    const THREAD: &str =
        "clone3({flags=CLONE_VM|CLONE_THREAD, stack=0x7f, tls=0x7f} => {parent_tid=[9]}, 88) = 9";

    #[test]
    fn a_thread_is_told_from_a_process_and_from_one_that_was_there() {
        let taken = (7, "msgrcv(0, {mtype=1}, 16, -3, 0) = 16");
        let queue = Some(Mechanism::Queue);
        let answer = |tid| (tid, "msgsnd(0, {mtype=300}, 8, IPC_NOWAIT) = 0");
        let threads = trace(&[taken, (7, THREAD), answer(9)]);
        assert_eq!(count(&threads, queue), Answered { by_threads: 1, by_processes: 0 });
        let forked = "clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD <unfinished ...>";
        let resumed = "<... clone resumed>, child_tidptr=0x7f) = 9";
        let forks = trace(&[taken, (7, forked), answer(9), (7, resumed)]);
        assert_eq!(count(&forks, queue), Answered { by_threads: 0, by_processes: 1 });
        let main_answers = trace(&[taken, (7, THREAD), answer(7), (9, "write(1, \"\", 3) = 3")]);
        assert_eq!(count(&main_answers, None), Answered::default());
        let early = trace(&[(7, THREAD), (9, "msgrcv(0, {mtype=1}, 16, -3, 0) = 16"), answer(9)]);
        assert_eq!(count(&early, queue), Answered::default());
    }
}
