//! The committer: the thread that waits for the disk, so that the loop does not; it replies itself.

use std::thread;

use anyhow::Context;
use common::booking::office::Office;
use common::booking::table::Table;
use common::protocol::reply::{Outcome, REPLY_SIZE, Reply, Status};
use common::server::log;
use tracing::debug;

use crate::commit_queue::{CommitQueue, Group};
use crate::returned::Returned;

/// Decides what is in the queue batch by batch: makes a batch durable, publishes the table, and only
/// then replies.
///
/// # Errors
/// If a write or a sync fails. Then every reservation of that batch is UNAVAILABLE, and the queue is
/// closed, so that no later one is decided. See fsync(2).
pub(crate) fn run(
    mut office: Office,
    queue: &CommitQueue,
    returned: &Returned,
    server: i32,
    publish: impl Fn(&Table),
) -> anyhow::Result<()> {
    let (mut batch, mut requests, mut outcomes) = (Vec::new(), Vec::new(), Vec::new());
    let mut ids = Vec::new();
    while queue.receive(&mut batch) {
        requests.clear();
        requests.extend(batch.iter().flat_map(Group::requests));
        let written = office.decide(&requests, &mut outcomes);
        publish(office.table());
        // First the log: if the server is killed then, no client knows more than the log.
        log_all(&batch, &outcomes);
        let mut outcomes = outcomes.iter();
        for group in batch.drain(..) {
            if reply(&group, || *outcomes.next().expect("one for each request"), server) {
                ids.push(group.half.id);
            }
        }
        if let Err(error) = written {
            // There is no OK any more.
            let refused = |group: &Group| reply(group, unavailable, server);
            ids.extend(queue.close().iter().filter(|it| refused(it)).map(|it| it.half.id));
            returned.tell(&mut ids);
            return Err(error).context("cannot make reservations durable");
        }
        returned.tell(&mut ids);
        // The loop takes what has come meanwhile, so that the next sync is for all of it.
        thread::yield_now();
    }
    Ok(())
}

/// The outcome of a reservation after a write that has failed.
pub(crate) fn unavailable() -> Outcome {
    Outcome::only(Status::Unavailable)
}

fn log_all(batch: &[Group], outcomes: &[Outcome]) {
    log::together(|| {
        let requests = batch
            .iter()
            .flat_map(|group| group.requests().map(|request| (group.half.peer, request)));
        for ((peer, request), outcome) in requests.zip(outcomes) {
            log::answered_from(peer, request, Some(outcome.status), outcome.seats);
        }
    });
}

/// Replies to a group, each of whose outcomes comes from `outcome`, and gives its connection back;
/// whether the loop is to be told.
pub(crate) fn reply(group: &Group, mut outcome: impl FnMut() -> Outcome, server: i32) -> bool {
    let mut reply = Reply::default();
    let mut bytes = Vec::with_capacity(group.len() * REPLY_SIZE);
    for request in group.requests() {
        reply.tell(request, outcome(), server);
        bytes.extend(reply.bytes());
    }
    match group.half.send(&bytes) {
        Ok(sent) => group.half.give_back(&bytes[sent..]),
        // Nobody is there to read it; what was reserved is reserved. The loop sees the end too.
        Err(error) => {
            debug!(peer = %group.half.peer, "lost: {error}");
            group.half.give_back(&[])
        }
    }
}
