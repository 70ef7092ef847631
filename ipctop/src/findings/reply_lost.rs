//! A lost reply: whoever was asked waits for the next request, and whoever asked for the answer.

use crate::findings::facts::{Facts, Waiting};
use crate::model::finding::Finding;
use crate::model::object::{MessageQueue, ObjectId, Pipe};
use crate::model::process::Action;

/// Clients that wait for a reply while all their servers wait for a request, and nothing is on
/// its way.
pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    facts
        .waiting()
        .filter_map(|client| over_queue(facts, client).or_else(|| over_fifo(facts, client)))
        .collect()
}

/// A client of a queue waits for messages of the type that is its own PID or thread id.
fn over_queue(facts: &Facts<'_>, client: Waiting<'_>) -> Option<Finding> {
    let reply = receives(client, "msg")?;
    let mtype = client.wait.message_type.filter(|_| !client.wait.is_except)?;
    let is_own = mtype == i64::from(client.process.pid) || mtype == i64::from(client.thread.tid);
    let holds_none = facts.queue(reply)?.messages.iter().flatten().all(|m| m.mtype != mtype);
    if !is_own || !holds_none {
        return None;
    }
    let pid = client.process.pid;
    let sent = |queue: &&MessageQueue| {
        queue.last_sender == pid || facts.history.senders(&queue.id()).any(|sender| sender == pid)
    };
    // Its reply may have gone to another queue, and hidden who asked there.
    let strayed = |queue: &&MessageQueue| queue.messages.iter().flatten().any(|m| m.mtype == mtype);
    let mut queues = facts.look.queues.iter();
    let asked = queues.clone().find(sent).or_else(|| queues.find(strayed))?;
    let id = asked.id();
    let servers = facts.history.receivers(&id).filter(|&receiver| receiver != pid);
    let servers: Vec<i32> = servers.filter(|&server| facts.table.is_alive(server)).collect();
    if servers.is_empty() {
        let last = asked.last_receiver;
        let is_known = last != 0 && last != pid && !facts.is_alive(last);
        return is_known.then(|| {
            let found = Finding::new("nobody-answers").of(pid).on(reply).on(&id);
            let found = found.text("process", client.process.label()).number("server", last);
            found.text("object", facts.name(reply))
        });
    }
    let all_wait = servers.iter().all(|&server| waits_at(facts, server, &id));
    let waits = || asked.messages.iter().flatten().any(|m| fits_somebody(facts, &id, m.mtype));
    (all_wait && facts.is_still(asked) && !waits())
        .then(|| describe(facts, client, &servers, reply, &id))
}

/// A client of FIFOs holds the write end of the one in which it asked.
fn over_fifo(facts: &Facts<'_>, client: Waiting<'_>) -> Option<Finding> {
    let reply = receives(client, "pipe")?;
    let pid = client.process.pid;
    let is_empty = |pipe: &Pipe| pipe.bytes.is_none_or(|bytes| bytes == 0);
    let answers = facts.pipe(reply).filter(|pipe| is_empty(pipe))?;
    let asked = |pipe: &&Pipe| {
        // Its standard output leads to a reader who owes no answer.
        let asks = pipe.writers.iter().any(|end| end.pid == pid && end.descriptor > 2);
        let asks = asks && pipe.path.is_some();
        asks && pipe.id != *reply && is_empty(pipe) && pipe.readers.iter().all(|end| end.pid != pid)
    };
    for pipe in facts.look.pipes.iter().filter(asked) {
        let mut servers: Vec<i32> = pipe.readers.iter().map(|end| end.pid).collect();
        servers.dedup();
        let waiting: Vec<i32> =
            servers.iter().copied().filter(|&server| waits_at(facts, server, &pipe.id)).collect();
        // A parent keeps the end that its workers read from: it asks and answers nothing.
        let others_rest = servers.iter().all(|server| {
            waiting.contains(server) || waiting.iter().any(|&w| is_parent(facts, *server, w))
        });
        // In `a | b | c`, b waits for a, not for c to whom it writes.
        let nobody_else =
            answers.writers.iter().all(|end| end.pid == pid || servers.contains(&end.pid));
        if !waiting.is_empty() && others_rest && nobody_else {
            return Some(describe(facts, client, &waiting, reply, &pipe.id));
        }
    }
    None
}

fn is_parent(facts: &Facts<'_>, parent: i32, child: i32) -> bool {
    facts.table.get(child).is_some_and(|row| row.parent == parent)
}

fn receives<'a>(client: Waiting<'a>, kind: &str) -> Option<&'a ObjectId> {
    let want = client.wait.on.first()?;
    let is_single = client.wait.on.len() == 1 && want.action == Action::Receive;
    (is_single && want.object.kind() == kind).then_some(&want.object)
}

fn waits_at(facts: &Facts<'_>, server: i32, id: &ObjectId) -> bool {
    facts.waiting().any(|w| w.process.pid == server && w.wait.receives_from(id))
}

fn fits_somebody(facts: &Facts<'_>, id: &ObjectId, mtype: i64) -> bool {
    facts.waiting().any(|w| w.wait.receives_from(id) && w.wait.takes_type(mtype))
}

fn describe(
    facts: &Facts<'_>,
    client: Waiting<'_>,
    servers: &[i32],
    reply: &ObjectId,
    asked: &ObjectId,
) -> Finding {
    let steps = format!(
        "{} {} {}; {} -> {}",
        client.process.label(),
        client.wait.call,
        facts.name(reply),
        facts.labels(servers.iter().copied()),
        facts.name(asked)
    );
    let found =
        Finding::new("reply-lost").text("how", "other").of(client.process.pid).on(reply).on(asked);
    let found = servers.iter().fold(found, |found, &server| found.of(server));
    found.text("steps", steps).number("pid", servers.first().copied().unwrap_or(0))
}
