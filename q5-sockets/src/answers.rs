//! What a connection's thread answers: a consultation from the published table, a reservation with
//! the committer's decision.

use std::io;

use common::protocol::reply::Reply;
use common::protocol::request::{Kind, Request};
use common::server::log;
use q3_threads::published::Published;
use q4_thread_per_request::commit_queue::CommitQueue;
use q4_thread_per_request::oneshot;

use crate::channel::Connection;
use crate::stream::Stream;

/// What the threads of all connections use.
#[derive(Debug)]
pub struct SharedState {
    /// The table for consultations.
    pub published: Published,
    /// PID of this process, for the replies.
    pub server: i32,
}

/// Answers a request, and the reservations that came with it.
///
/// # Errors
/// As [`Connection::reply`].
pub fn answer<S: Stream>(
    state: &SharedState,
    queue: &CommitQueue,
    connection: &mut Connection<S>,
    request: Request,
) -> io::Result<()> {
    match request.kind() {
        Some(Kind::Reserve) => reserve(state, queue, connection, request),
        _ => consult(state, connection, &request),
    }
}

/// A consultation: answered from the published table.
fn consult<S: Stream>(
    state: &SharedState,
    connection: &mut Connection<S>,
    request: &Request,
) -> io::Result<()> {
    let mut reply = Reply::default();
    state.published.answer(request, state.server, &mut reply);
    let sent = connection.reply(&reply);
    log::answered(request, &reply);
    sent
}

/// A reservation: waits for the committer's decision, together with those that came with it.
fn reserve<S: Stream>(
    state: &SharedState,
    queue: &CommitQueue,
    connection: &mut Connection<S>,
    request: Request,
) -> io::Result<()> {
    connection.wait_for_room()?;
    let mut decisions = Vec::new();
    let mut next = Some(request);
    while let Some(request) = next {
        let (reservation, decision) = oneshot::channel(request);
        queue.submit(reservation);
        decisions.push((request, decision));
        next = connection.next_if(|request| request.kind() == Some(Kind::Reserve));
    }
    let mut sent = Ok(());
    let mut reply = Reply::default();
    for (request, decision) in decisions {
        reply.tell(&request, decision.recv(), state.server);
        // First the log: if the server is killed then, no client knows more than the log. Also if
        // nobody is there to read the reply: what was reserved is reserved.
        log::answered(&request, &reply);
        sent = sent.and_then(|()| connection.reply(&reply));
    }
    sent
}
