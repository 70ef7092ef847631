//! A pipe that nobody empties, and one that nobody can.

use crate::findings::facts::Facts;
use crate::model::finding::Finding;
use crate::model::object::Pipe;
use crate::model::process::{Action, Process};

/// The signal of a write that nobody can read.
const SIGPIPE: i32 = 13;

/// Writers that wait for room, and write ends without any reader.
pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let full = facts.look.pipes.iter().filter_map(|pipe| full(facts, pipe));
    let unread = facts.look.pipes.iter().filter_map(|pipe| unread(facts, pipe));
    full.chain(unread).collect()
}

fn full(facts: &Facts<'_>, pipe: &Pipe) -> Option<Finding> {
    let writer = facts.waiting_for(&pipe.id, Action::Send).find(|w| w.wait.on.len() == 1)?;
    let reader = pipe.readers.iter().map(|end| end.pid).find(|&pid| pid != writer.process.pid);
    let reader = reader.or(pipe.readers.first().map(|end| end.pid))?;
    if facts.may_act(reader) {
        return None;
    }
    let found = Finding::new("pipe-full").of(writer.process.pid).of(reader).on(&pipe.id);
    let found = found.text("process", writer.process.label()).text("object", pipe.name());
    let found = found.text("reader", facts.label(reader)).text("does", facts.doing(reader));
    Some(found.number("bytes", pipe.bytes.unwrap_or_default()).number("pid", reader))
}

/// A process that ignores SIGPIPE gets EPIPE instead, and is prepared for it. A write end that was
/// inherited from outside, such as a shell's, is not this program's and never written to.
fn unread(facts: &Facts<'_>, pipe: &Pipe) -> Option<Finding> {
    let is_unread = pipe.readers.is_empty() && pipe.has_reader == Some(false);
    let holders = pipe.writers.iter().map(|end| facts.look.process(end.pid));
    let is_own = holders.clone().all(|holder| holder.is_some_and(|process| process.is_asked_for));
    let would_die = |process: &&Process| {
        let signals = process.signals;
        !Process::has(signals.ignored | signals.caught | signals.blocked, SIGPIPE)
    };
    let writer = holders.flatten().find(would_die).filter(|_| is_unread && is_own)?;
    let found = Finding::new("pipe-no-reader").of(writer.pid).on(&pipe.id);
    Some(found.text("process", writer.label()).text("object", pipe.name()))
}
