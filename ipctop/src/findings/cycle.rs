//! A circle of waits: A waits for B, and B waits for A.

use crate::findings::facts::Facts;
use crate::findings::wakers::{circles, stuck, waits_for};
use crate::model::finding::Finding;
use crate::model::object::ObjectId;
use crate::model::process::{Action, Descriptor, Process};

/// Each circle once. If all in it only wait to receive over a queue or socket, a reply is lost.
pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let stuck = stuck(facts);
    let circles = circles(&stuck).into_iter().filter(|circle| circle.len() > 1);
    circles.map(|circle| describe(facts, &circle)).collect()
}

fn describe(facts: &Facts<'_>, circle: &[i32]) -> Finding {
    let members: Vec<&Process> = circle.iter().filter_map(|&pid| facts.look.process(pid)).collect();
    let kind =
        if members.iter().all(|process| is_asking(process)) { "reply-lost" } else { "cycle" };
    let steps: Vec<String> = members
        .iter()
        .filter_map(|process| {
            let (call, object) = waits_for(process)?;
            let end =
                end(process, object).map_or_else(String::new, |number| format!(" [{number}]"));
            Some(format!("{} {call} {}{end}", process.label(), facts.name(object)))
        })
        .collect();
    let mut found = Finding::new(kind).text("steps", steps.join("; ")).text("how", how(&members));
    for process in members {
        found = found.of(process.pid);
        if let Some((_, object)) = waits_for(process) {
            found = found.on(object);
        }
    }
    found.number("pid", circle[0])
}

/// What kind of circle it is, which decides about the advice.
fn how(members: &[&Process]) -> &'static str {
    let kinds: Vec<&str> =
        members.iter().filter_map(|process| Some(waits_for(process)?.1.kind())).collect();
    let is_taken = |kind: &&str| matches!(*kind, "mutex" | "futex" | "sem" | "file");
    match () {
        () if kinds.iter().all(is_taken) => "locks",
        () if kinds.iter().all(|kind| *kind == "socket") => "socket",
        () if kinds.contains(&"process") && members.iter().any(|one| is_reading(one)) => "end",
        () => "other",
    }
}

fn is_reading(process: &Process) -> bool {
    let mut wants =
        process.threads.iter().filter_map(|thread| thread.wait.as_ref()).flat_map(|w| &w.on);
    wants.any(|want| want.action == Action::Receive)
}

/// The descriptor by which a process waits at a pipe or socket.
fn end(process: &Process, object: &ObjectId) -> Option<i32> {
    let is_writing = !is_reading(process);
    let fits = |found: &&Descriptor| {
        let fits = if is_writing { found.writes } else { found.reads };
        found.object == *object && fits
    };
    process.descriptors.iter().find(fits).map(|found| found.number)
}

fn is_asking(process: &Process) -> bool {
    process.threads.iter().filter_map(|thread| thread.wait.as_ref()).all(|wait| {
        wait.on.iter().all(|want| {
            matches!(want.object.kind(), "msg" | "mqueue" | "socket")
                && want.action == Action::Receive
        })
    })
}
