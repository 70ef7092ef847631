//! A read that never sees the end of the file: somebody who never writes holds a write end.

use crate::findings::facts::{Facts, Waiting};
use crate::model::finding::Finding;
use crate::model::object::ObjectId;

/// Readers of pipes whose write ends are all held by processes that wait for the reader, or read
/// the same pipe themselves.
pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    facts.waiting().filter_map(|reader| describe(facts, reader)).collect()
}

fn describe(facts: &Facts<'_>, reader: Waiting<'_>) -> Option<Finding> {
    let want = reader.wait.on.first()?;
    let pipe = facts.pipe(&want.object)?;
    let is_reading = reader.wait.receives_from(&pipe.id) && reader.wait.on.len() == 1;
    // A server keeps a write end of its own FIFO, so that its readers never see an end.
    let is_private = pipe.path.is_none();
    if !is_reading || pipe.writers.is_empty() || pipe.bytes.is_some_and(|bytes| bytes > 0) {
        return None;
    }
    let pid = reader.process.pid;
    let mut holders: Vec<i32> = pipe.writers.iter().map(|end| end.pid).collect();
    holders.dedup();
    let is_idle = |holder: i32| {
        let waits_for_it = waits_for(facts, holder, &ObjectId(format!("process:{pid}")));
        waits_for_it || is_private && (holder == pid || reads(facts, holder, &pipe.id))
    };
    if !holders.iter().all(|&holder| is_idle(holder)) {
        return None;
    }
    // With a thread that runs, or waits for something else, it could still write or close.
    if holders.contains(&pid) && reader.process.threads.len() > 1 {
        return None;
    }
    let holder = if holders.contains(&pid) { pid } else { *holders.first()? };
    let end = pipe.writers.iter().find(|end| end.pid == holder)?;
    let kind = if holder == pid { "eof-never-own" } else { "eof-never" };
    let found = Finding::new(kind).of(pid).of(holder).on(&pipe.id);
    let found = found.text("process", reader.process.label()).text("object", pipe.name());
    Some(found.text("holder", facts.label(holder)).number("descriptor", end.descriptor))
}

fn waits_for(facts: &Facts<'_>, pid: i32, object: &ObjectId) -> bool {
    let all = facts.waiting().filter(|waiting| waiting.process.pid == pid);
    let mut all = all.peekable();
    all.peek().is_some() && all.all(|w| w.wait.on.iter().any(|want| want.object == *object))
}

fn reads(facts: &Facts<'_>, pid: i32, object: &ObjectId) -> bool {
    facts.waiting().any(|waiting| waiting.process.pid == pid && waiting.wait.receives_from(object))
}
