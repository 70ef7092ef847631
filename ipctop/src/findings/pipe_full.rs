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

/// A process that ignores SIGPIPE gets EPIPE instead, and is prepared for it.
fn unread(facts: &Facts<'_>, pipe: &Pipe) -> Option<Finding> {
    let is_unread = pipe.readers.is_empty() && pipe.has_reader == Some(false);
    let would_die = |process: &&Process| {
        let signals = process.signals;
        process.is_asked_for
            && !Process::has(signals.ignored | signals.caught | signals.blocked, SIGPIPE)
    };
    let writers = pipe.writers.iter().filter(|end| end.descriptor > 2 || pipe.path.is_some());
    let writer = writers.filter_map(|end| facts.look.process(end.pid)).find(would_die);
    let writer = writer.filter(|_| is_unread)?;
    let found = Finding::new("pipe-no-reader").of(writer.pid).on(&pipe.id);
    Some(found.text("process", writer.label()).text("object", pipe.name()))
}
