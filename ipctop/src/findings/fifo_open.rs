//! An open(2) of a FIFO that waits for the other side.

use crate::findings::facts::{Facts, Waiting};
use crate::model::finding::Finding;
use crate::model::process::{Action, Want};

/// Processes that wait in open, or at a FIFO whose name is gone.
pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    facts
        .waiting()
        .filter_map(|waiting| opening(facts, waiting).or_else(|| unlinked(facts, waiting)))
        .collect()
}

fn opening(facts: &Facts<'_>, waiting: Waiting<'_>) -> Option<Finding> {
    if !waiting.wait.call.starts_with("open") {
        return None;
    }
    let Some(want) = waiting.wait.on.first() else {
        // Only the wait channel may be seen: neither the path nor the direction.
        return Some(new("fifo-opens", waiting));
    };
    let kind = match want.action {
        Action::OpenRead => "fifo-no-writer",
        _ => "fifo-no-reader",
    };
    let path = waiting.wait.path.clone().unwrap_or_else(|| "FIFO".to_owned());
    if want.object.kind() != "pipe" {
        return Some(new("fifo-gone", waiting).on(&want.object).text("object", path));
    }
    // The kernel lets two that come together go on: these two hold different FIFOs.
    let other = facts.waiting().find(|other| {
        other
            .wait
            .on
            .first()
            .is_some_and(|found| found.object == want.object && found.action != want.action)
            && other.wait.call.starts_with("open")
    });
    if let Some(other) = other {
        let found = new("fifo-replaced", waiting).of(other.process.pid).on(&want.object);
        return Some(found.text("object", path).text("other", other.process.label()));
    }
    if let Some(found) = crossed(facts, waiting, want, &path) {
        return Some(found);
    }
    Some(new(kind, waiting).on(&want.object).text("object", path))
}

/// Another process waits in open of another FIFO: each opens first what the other opens second.
fn crossed(facts: &Facts<'_>, waiting: Waiting<'_>, want: &Want, path: &str) -> Option<Finding> {
    let other = facts.waiting().find(|other| {
        let found = other.wait.on.first();
        other.process.pid != waiting.process.pid
            && other.wait.call.starts_with("open")
            && other.process.is_asked_for
            && found
                .is_some_and(|found| found.object.kind() == "pipe" && found.object != want.object)
    })?;
    let there = other.wait.on.first()?;
    let found = new("fifo-order", waiting).of(other.process.pid).on(&want.object).on(&there.object);
    let other_path = other.wait.path.clone().unwrap_or_else(|| "FIFO".to_owned());
    let found = found.text("object", path).text("other", other.process.label());
    Some(found.text("second", other_path))
}

fn unlinked(facts: &Facts<'_>, waiting: Waiting<'_>) -> Option<Finding> {
    let want = waiting.wait.on.first()?;
    let pipe = facts.pipe(&want.object).filter(|pipe| pipe.is_unlinked)?;
    let pid = waiting.process.pid;
    let others = match want.action {
        Action::Receive => pipe.writers.iter().any(|end| end.pid != pid),
        _ => pipe.readers.iter().any(|end| end.pid != pid),
    };
    let is_alone = !others && waiting.wait.on.len() == 1;
    is_alone.then(|| new("fifo-unlinked", waiting).on(&pipe.id).text("object", pipe.name()))
}

fn new(kind: &str, waiting: Waiting<'_>) -> Finding {
    let pid = waiting.process.pid;
    let found = Finding::new(kind).of(pid).number("pid", pid);
    found.text("process", waiting.process.label()).text("call", waiting.wait.call.clone())
}
