//! Objects that outlive whoever made or used them.

use crate::findings::facts::Facts;
use crate::model::finding::Finding;
use crate::model::object::{MessageQueue, ObjectId, Segment, SemaphoreSet};

/// Queues, segments and semaphore sets that nobody alive has to do with.
pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let look = facts.look;
    let queues = look.queues.iter().filter(|queue| is_left_queue(facts, queue)).map(|queue| {
        let found = Finding::new("queue-leak").on(&queue.id()).text("object", queue.name());
        let found = found.text("users", pids(&[queue.last_sender, queue.last_receiver]));
        found.number("id", queue.msqid).number("count", queue.n_messages)
    });
    let segments = look.segments.iter().filter(|segment| is_left_segment(facts, segment));
    let segments = segments.map(|segment| {
        let id = ObjectId::system_v("shm", segment.shmid);
        let found = Finding::new("segment-leak").on(&id).number("id", segment.shmid);
        found.number("bytes", segment.bytes).number("maker", segment.maker)
    });
    let sets = look.semaphores.iter().filter(|set| is_left_set(facts, set)).map(|set| {
        let id = ObjectId::system_v("sem", set.semid);
        let users: Vec<i32> = set.values.iter().flatten().map(|value| value.last).collect();
        Finding::new("semaphore-leak").on(&id).number("id", set.semid).text("users", pids(&users))
    });
    let fifos = look
        .pipes
        .iter()
        .filter(|pipe| pipe.readers.is_empty() && pipe.writers.is_empty() && pipe.path.is_some());
    let fifos =
        fifos.map(|pipe| Finding::new("fifo-leak").on(&pipe.id).text("object", pipe.name()));
    let posix = look
        .posix
        .iter()
        .filter(|object| object.kind == "mqueue" && object.users.is_empty() && !object.is_unlinked);
    let posix = posix.map(|object| {
        let found = Finding::new("posix-queue-leak").on(&object.id);
        let found = found.text("object", object.name.clone());
        found.number("count", object.value.unwrap_or_default())
    });
    queues.chain(posix).chain(segments).chain(sets).chain(fifos).collect()
}

fn is_left_queue(facts: &Facts<'_>, queue: &MessageQueue) -> bool {
    let id = queue.id();
    let last = [queue.last_sender, queue.last_receiver];
    let is_left = last.iter().any(|&pid| pid != 0)
        && last.iter().all(|&pid| pid == 0 || !facts.is_alive(pid))
        && facts.is_still(queue);
    if !is_left {
        return false;
    }
    let is_waited_for =
        facts.look.processes.iter().flat_map(|process| &process.threads).any(|t| {
            t.wait.as_ref().is_some_and(|wait| wait.on.iter().any(|want| want.object == id))
        });
    let is_owned = facts.look.office.as_ref().is_some_and(|office| office.is_alive)
        && queue.key_file.is_some();
    !is_waited_for && !is_owned
}

fn is_left_segment(facts: &Facts<'_>, segment: &Segment) -> bool {
    segment.n_attached == 0 && !facts.is_alive(segment.maker)
}

fn is_left_set(facts: &Facts<'_>, set: &SemaphoreSet) -> bool {
    let values = set.values.as_deref().unwrap_or_default();
    let is_used = values.iter().any(|value| facts.is_alive(value.last));
    let is_waited_for = values.iter().any(|value| value.n_growing + value.n_zero > 0);
    values.iter().any(|value| value.last != 0) && !is_used && !is_waited_for
}

fn pids(pids: &[i32]) -> String {
    let mut pids: Vec<i32> = pids.iter().copied().filter(|&pid| pid != 0).collect();
    pids.sort_unstable();
    pids.dedup();
    pids.iter().map(i32::to_string).collect::<Vec<_>>().join(", ")
}
