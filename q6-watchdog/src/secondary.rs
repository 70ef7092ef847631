//! The secondary servers: consultation, from the published table, and reservation, which is the
//! office.

use std::io;
use std::sync::Arc;

use anyhow::Context;
use common::booking::office::Office;
use common::booking::store::Store;
use common::protocol::reply::{Reply, Status};
use common::protocol::request::{Kind, Request};
use common::server::log;
use q1_pipes::process::workers::Ready;
use q3_threads::armour::workers::Workers;
use q4_thread_per_request::commit_queue::{CAPACITY, CommitQueue, commit_queue};
use q4_thread_per_request::{committer, oneshot};
use q5_sockets::channel::Connection;
use tracing::debug;

use crate::channel::End;
use crate::service::{self, Inherited};
use crate::watchdog::board::Board;

/// What the threads of all connections use.
#[derive(Debug)]
struct SharedState {
    board: Arc<Board>,
    exchanges: Option<u64>,
    /// The nonce of the watchdog's probes.
    probe: u64,
    server: i32,
}

impl SharedState {
    fn new(inherited: &Inherited<'_>, probe: u64) -> SharedState {
        SharedState {
            board: inherited.board.clone(),
            exchanges: inherited.options.exchanges,
            probe,
            server: std::process::id() as i32,
        }
    }
}

/// Runs a consultation server; `end` is its side of the FIFOs, `probe` the nonce of probes.
///
/// # Errors
/// If it cannot start, or a part of it ends although nobody asked it to.
pub fn consult(inherited: Inherited<'_>, end: End, probe: u64, ready: Ready) -> anyhow::Result<()> {
    let state = SharedState::new(&inherited, probe);
    let answer = move |connection: &mut Connection, request: Request| {
        // An error means that the holder of the lock is stopped. The watchdog is about to kill it.
        let mut reply = Reply::default();
        match state.board.read() {
            Ok(table) => table.answer(&request, state.server, &mut reply),
            Err(error) => {
                debug!("cannot read the table: {error}");
                reply.answer(&request, Status::Busy, state.server);
            }
        }
        send(&state, connection, &request, &reply)
    };
    service::serve(inherited, Workers::new(), Some(end), answer, ready)
}

/// Runs the reservation server: it locks the data file, so that nobody else writes, and publishes
/// what is on disk before it serves. `end` and `probe` are as in [`consult`].
///
/// # Errors
/// If another process writes, the data file cannot be used or written, or a part of it ends
/// although nobody asked it to.
pub fn reserve(inherited: Inherited<'_>, end: End, probe: u64, ready: Ready) -> anyhow::Result<()> {
    let options = &inherited.options.common;
    let (store, table) = Store::open(&options.dir, None, options.durability)?;
    let board = inherited.board.clone();
    let generation = board.start_generation();
    board.publish(generation, &table);
    let (queue, batches) = commit_queue(CAPACITY);
    let state = SharedState::new(&inherited, probe);
    let office = Office::new(store, table);
    let mut workers = Workers::new();
    workers
        .start("q6 commit", move |ready| {
            ready.report()?;
            let ended = committer::run(office, &batches, |table| board.publish(generation, table));
            if ended.is_err() {
                board.set_ending();
            }
            ended
        })
        .context("cannot start a thread")?;
    let answer = move |connection: &mut Connection, request: Request| {
        decide(&state, &queue, connection, request)
    };
    service::serve(inherited, workers, Some(end), answer, ready)
}

/// A reservation: waits for the committer's decision, together with those that came with it.
fn decide(
    state: &SharedState,
    queue: &CommitQueue,
    connection: &mut Connection,
    request: Request,
) -> io::Result<()> {
    connection.wait_for_room()?;
    let mut decisions = Vec::new();
    let mut next = Some(request);
    while let Some(request) = next {
        // If it is no reservation, it came to the wrong server, and the decision is BAD_REQUEST.
        let (reservation, decision) = oneshot::channel(request);
        queue.submit(reservation);
        decisions.push((request, decision));
        next = connection.next_if(|request| request.kind() == Some(Kind::Reserve));
    }
    let mut sent = Ok(());
    let mut reply = Reply::default();
    for (request, decision) in decisions {
        reply.tell(&request, decision.recv(), state.server);
        // First the log: if the server is killed then, no client knows more than the log.
        log(state, &request, &reply);
        sent = sent.and_then(|()| connection.reply(&reply));
        count(state, &request);
    }
    sent
}

fn send(
    state: &SharedState,
    connection: &mut Connection,
    request: &Request,
    reply: &Reply,
) -> io::Result<()> {
    log(state, request, reply);
    let sent = connection.reply(reply);
    count(state, request);
    sent
}

/// Logs an answer, also if nobody is there to read it: what was reserved is reserved. The watchdog's
/// probes are neither logged nor counted.
fn log(state: &SharedState, request: &Request, reply: &Reply) {
    if request.nonce != state.probe {
        log::answered(request, reply);
    }
}

/// Counts an answer. That comes last: after the last exchange all servers end.
fn count(state: &SharedState, request: &Request) {
    if request.nonce != state.probe {
        state.board.count_exchange(state.exchanges);
    }
}
