//! Queues that two programs share without meaning to.

use crate::findings::facts::{Facts, Waiting};
use crate::model::finding::Finding;
use crate::model::object::MessageQueue;
use crate::model::process::Action;

/// Two programs that take each other's messages, and the key of ftok's failure.
pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let receives = facts.waiting().flat_map(|waiting| &waiting.wait.on).map(|want| &want.object);
    let waited: std::collections::BTreeSet<_> = receives.collect();
    let queues = facts.look.queues.iter();
    let queues = queues.filter(|queue| queue.key == -1 || waited.contains(&queue.id()));
    queues.filter_map(|queue| stolen(facts, queue).or_else(|| no_key(facts, queue))).collect()
}

fn stolen(facts: &Facts<'_>, queue: &MessageQueue) -> Option<Finding> {
    let id = queue.id();
    let waiting: Vec<_> = facts.waiting_for(&id, Action::Receive).collect();
    for (at, one) in waiting.iter().enumerate() {
        let other = waiting[at + 1..].iter().find(|other| are_rivals(one, other));
        if let Some(other) = other {
            let found = Finding::new("key-shared").of(one.process.pid).of(other.process.pid);
            let found = found.on(&id).text("object", queue.name());
            return Some(
                found.text("one", one.process.label()).text("other", other.process.label()),
            );
        }
    }
    None
}

fn are_rivals(one: &Waiting<'_>, other: &Waiting<'_>) -> bool {
    let is_other_program = one.process.program.is_some()
        && other.process.program.is_some()
        && one.process.program != other.process.program;
    let wanted = |waiting: &Waiting<'_>| waiting.wait.message_type.filter(|&mtype| mtype > 0);
    let overlap = match (wanted(one), wanted(other)) {
        (Some(mtype), _) if !one.wait.is_except => other.wait.takes_type(mtype),
        (_, Some(mtype)) if !other.wait.is_except => one.wait.takes_type(mtype),
        _ => true,
    };
    is_other_program && overlap
}

fn no_key(facts: &Facts<'_>, queue: &MessageQueue) -> Option<Finding> {
    let user =
        facts.history.senders(&queue.id()).chain(facts.history.receivers(&queue.id())).next();
    (queue.key == -1).then(|| {
        let found = Finding::new("key-minus-one").of(user.unwrap_or(queue.last_sender));
        found.on(&queue.id()).number("id", queue.msqid)
    })
}
