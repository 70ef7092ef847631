//! A message that nobody waits for, in a queue where somebody waits for another type.

use crate::findings::facts::{Facts, Waiting};
use crate::model::finding::Finding;
use crate::model::object::{MessageQueue, ObjectId};
use crate::model::process::Action;

/// Waiting processes that a sentence names.
const WAITING_MAX: usize = 4;

/// Queues that stand still although somebody receives from them.
pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let filled = facts.look.queues.iter().filter(|queue| queue.n_messages > 0);
    let still = filled.filter(|queue| facts.is_still(queue));
    still.filter_map(|queue| unwanted(facts, queue).or_else(|| no_receiver(facts, queue))).collect()
}

fn unwanted(facts: &Facts<'_>, queue: &MessageQueue) -> Option<Finding> {
    let id = queue.id();
    let waiting: Vec<_> = facts.waiting_for(&id, Action::Receive).collect();
    let first = waiting.first()?;
    // One that is stopped takes it later, and one that does something else may.
    let may_come = facts
        .history
        .receivers(&id)
        .any(|pid| facts.table.is_alive(pid) && !waiting.iter().any(|w| w.process.pid == pid));
    if may_come {
        return None;
    }
    let nobody_takes = |mtype: i64| !waiting.iter().any(|w| w.wait.takes_type(mtype));
    // A message for a live process that does something else may still be fetched.
    let has_owner = |mtype: i64| {
        let id = i32::try_from(mtype).ok().filter(|&id| facts.is_program(id));
        id.is_some_and(|id| !awaits_one_of(facts, id, &waiting))
    };
    let messages = queue.messages.iter().flatten();
    let unwanted = messages.filter(|m| nobody_takes(m.mtype) && !has_owner(m.mtype));
    let unwanted: Vec<i64> = unwanted.map(|message| message.mtype).collect();
    let found = Finding::new("message-unwanted").of(first.process.pid).on(&id);
    let found = found.text("object", queue.name()).number("count", unwanted.len() as i64);
    let found = found.number("type", *unwanted.first()?).text("process", first.process.label());
    let waits = waiting.iter().map(|waiting| {
        let not = if waiting.wait.is_except { "not " } else { "" };
        let wanted = waiting.wait.message_type.unwrap_or_default();
        format!("{} type {not}{wanted}", waiting.process.label())
    });
    let waits = waits.take(WAITING_MAX).collect::<Vec<_>>().join(", ");
    Some(found.number("wanted", first.wait.message_type.unwrap_or_default()).text("waits", waits))
}

/// Whether a process waits for the end of somebody who waits at the queue: it will not come.
fn awaits_one_of(facts: &Facts<'_>, id: i32, waiting: &[Waiting<'_>]) -> bool {
    waiting.iter().any(|one| {
        let child = ObjectId(format!("process:{}", one.process.pid));
        facts.waiting_for(&child, Action::Reap).any(|parent| parent.process.pid == id)
    })
}

/// Messages wait, nobody waits for them, and whoever received from this queue is dead.
fn no_receiver(facts: &Facts<'_>, queue: &MessageQueue) -> Option<Finding> {
    let id = queue.id();
    let (sender, receiver) = (queue.last_sender, queue.last_receiver);
    let is_left = queue.n_messages > 0
        && receiver != 0
        && !facts.is_alive(receiver)
        && facts.is_alive(sender)
        && facts.history.receivers(&id).all(|pid| !facts.is_alive(pid))
        && facts.waiting_for(&id, Action::Receive).next().is_none();
    is_left.then(|| {
        let found = Finding::new("queue-no-receiver").of(sender).on(&id);
        let found = found.text("object", queue.name()).number("count", queue.n_messages);
        found.number("receiver", receiver).text("process", facts.label(sender))
    })
}
