//! A full queue: somebody wants to send, and the messages are for nobody who reads.

use crate::findings::facts::{Facts, Waiting};
use crate::model::finding::Finding;
use crate::model::object::MessageQueue;
use crate::model::process::Action;

/// Senders that wait for room in a System V or POSIX queue.
pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    facts
        .waiting()
        .filter_map(|sender| system_v(facts, sender).or_else(|| posix(facts, sender)))
        .collect()
}

fn system_v(facts: &Facts<'_>, sender: Waiting<'_>) -> Option<Finding> {
    let want = sender.wait.on.iter().find(|want| want.action == Action::Send)?;
    let queue = facts.queue(&want.object).filter(|_| want.object.kind() == "msg")?;
    let (owner, count) = fullest(facts, queue);
    if owner.and_then(|owner| facts.table.process_of(owner)).is_some_and(|pid| facts.may_act(pid)) {
        return None;
    }
    let found = match owner {
        Some(owner) if !facts.is_alive(owner) => Finding::new("queue-full-dead"),
        Some(owner) => Finding::new("queue-full-unread")
            .of(sender.process.pid)
            .of(facts.table.process_of(owner).unwrap_or(owner))
            .text("does", facts.doing(facts.table.process_of(owner).unwrap_or(owner)))
            .text("reader", facts.label(facts.table.process_of(owner).unwrap_or(owner))),
        None => Finding::new("queue-full"),
    };
    let found = found
        .of(sender.process.pid)
        .on(&want.object)
        .text("process", sender.process.label())
        .text("object", queue.name())
        .number("bytes", queue.bytes)
        .number("max", queue.bytes_max.unwrap_or_default())
        .number("wanted", sender.wait.bytes.unwrap_or_default())
        .number("count", count as i64);
    Some(found.number("owner", owner.unwrap_or_default()).number("msqid", queue.msqid))
}

/// Whose messages take most of the queue's room, if a type is a PID, and how many they are.
///
/// A type below 3 is a kind of request; a process that has such a PID never gets messages.
fn fullest(facts: &Facts<'_>, queue: &MessageQueue) -> (Option<i32>, usize) {
    let mut counts = std::collections::BTreeMap::<i64, usize>::new();
    for message in queue.messages.iter().flatten() {
        *counts.entry(message.mtype).or_default() += 1;
    }
    let dead = |mtype: i64| facts.is_dead_program(mtype);
    let fullest = counts.iter().max_by_key(|(mtype, count)| (dead(**mtype), **count));
    let Some((&mtype, &count)) = fullest else { return (None, 0) };
    let is_pid = dead(mtype) || i32::try_from(mtype).is_ok_and(|id| facts.is_program(id));
    (is_pid.then_some(mtype as i32), count)
}

fn posix(facts: &Facts<'_>, sender: Waiting<'_>) -> Option<Finding> {
    let want = sender.wait.on.iter().find(|want| want.action == Action::Send)?;
    let queue = facts.look.posix.iter().find(|object| object.id == want.object)?;
    let others = queue.users.iter().copied().filter(|&pid| pid != sender.process.pid);
    let found = Finding::new("posix-queue-full").of(sender.process.pid).on(&queue.id);
    let found = found.text("process", sender.process.label()).text("object", queue.name.clone());
    let does: Vec<String> =
        others.map(|pid| format!("{} {}", facts.label(pid), facts.doing(pid))).collect();
    let found = found.text("does", if does.is_empty() { "-".to_owned() } else { does.join(", ") });
    Some(found.number("count", queue.value.unwrap_or_default()))
}
