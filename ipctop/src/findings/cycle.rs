//! A circle of waits: A waits for B, and B waits for A.

use crate::findings::facts::Facts;
use crate::findings::wakers::{circles, stuck, waits_for};
use crate::model::finding::Finding;
use crate::model::process::{Action, Process};

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
            Some(format!("{} {call} {}", process.label(), facts.name(object)))
        })
        .collect();
    let mut found = Finding::new(kind).text("steps", steps.join("; "));
    for process in members {
        found = found.of(process.pid);
        if let Some((_, object)) = waits_for(process) {
            found = found.on(object);
        }
    }
    found.number("pid", circle[0])
}

fn is_asking(process: &Process) -> bool {
    process.threads.iter().filter_map(|thread| thread.wait.as_ref()).all(|wait| {
        wait.on.iter().all(|want| {
            matches!(want.object.kind(), "msg" | "mqueue" | "socket")
                && want.action == Action::Receive
        })
    })
}
