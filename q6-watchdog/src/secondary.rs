//! The secondary servers: consultation, from the published table, and reservation, which is the
//! office.

use std::io;
use std::mem::forget;
use std::sync::Arc;

use anyhow::Context;
use common::log;
use common::office::Office;
use common::reply::{Reply, Status};
use common::request::{Kind, Request};
use common::signals::Signals;
use common::store::Store;
use q1_pipes::process::workers::Ready;
use q3_threads::armour::workers::Workers;
use q4_thread_per_request::committer;
use q4_thread_per_request::line::{Line, line};
use q5_sockets::armour::listeners::Listeners;
use q5_sockets::channel::Connection;
use tracing::debug;

use crate::channel::End;
use crate::options::ServerOptions;
use crate::service::Service;
use crate::watchdog::board::Board;
use crate::watchdog::writer::WriterLock;

/// Reservations that wait for the committer at most; a connection with one more waits for room.
const WAITING_MAX: usize = 1024;

/// What a secondary server is given by the watchdog.
#[derive(Debug)]
pub struct Post<'a> {
    /// The command line.
    pub options: &'a ServerOptions,
    /// What all servers share.
    pub board: Arc<Board>,
    /// SIGTERM ends it.
    pub signals: &'a Signals,
    /// Where it listens.
    pub listeners: Listeners,
    /// Its side of the pair.
    pub end: End,
    /// The nonce of the watchdog's probes.
    pub probe: u64,
}

/// What all connections' threads use.
#[derive(Debug)]
struct SharedState {
    board: Arc<Board>,
    exchanges: Option<u64>,
    probe: u64,
    server: i32,
}

impl SharedState {
    fn new(post: &Post<'_>) -> SharedState {
        SharedState {
            board: post.board.clone(),
            exchanges: post.options.exchanges,
            probe: post.probe,
            server: std::process::id() as i32,
        }
    }
}

/// A consultation server's life.
///
/// # Errors
/// If it cannot start, or a part of it ends although nobody asked it to.
pub fn consult(post: Post<'_>, ready: Ready) -> anyhow::Result<()> {
    let state = SharedState::new(&post);
    let answer = move |connection: &mut Connection, request: Request| {
        // The watchdog is about to end a server that is stopped with the lock in its hand.
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
    serve(post, Workers::new(), answer, ready)
}

/// The reservation server's life: nobody else writes, and it publishes what is on disk before it
/// serves.
///
/// # Errors
/// If another process writes, the data file cannot be used or written, or a part of it ends
/// although nobody asked it to.
pub fn reserve(post: Post<'_>, ready: Ready) -> anyhow::Result<()> {
    let dir = &post.options.common.dir;
    // A thread that hangs in a sync ends only with the process: until then nobody else may write.
    forget(WriterLock::take(dir)?);
    let (store, table) = Store::open(dir, None, post.options.common.durability)?;
    let (board, generation) = (post.board.clone(), post.board.raise_generation());
    board.publish(generation, &table);
    let (line, waiting) = line(WAITING_MAX);
    let state = SharedState::new(&post);
    let mut workers = Workers::new();
    let office = Office::new(store, table);
    workers
        .start("q6 commit", move |ready| {
            ready.report()?;
            let ended = committer::run(office, &waiting, |table| board.publish(generation, table));
            if ended.is_err() {
                board.end();
            }
            ended
        })
        .context("cannot start a thread")?;
    let answer = move |connection: &mut Connection, request: Request| {
        decide(&state, &line, connection, request)
    };
    serve(post, workers, answer, ready)
}

/// Accepts, answers, tells the dispatcher that it is there, and stops.
fn serve<A>(post: Post<'_>, mut workers: Workers, answer: A, ready: Ready) -> anyhow::Result<()>
where
    A: Fn(&mut Connection, Request) -> io::Result<()> + Send + Sync + 'static,
{
    let port = post.listeners.addresses()?[0].port();
    let service = Service::new(post.listeners, post.options)?;
    let shared = service.clone();
    workers
        .start("q6 accept", move |ready| {
            ready.report()?;
            shared.serve(answer)
        })
        .context("cannot start a thread")?;
    workers.wait_ready()?;
    ready.report()?;
    service.watch(post.signals, &mut workers, &post.board, Some((post.end, port)))
}

/// A reservation: waits for the committer's decision, together with those that came with it.
fn decide(
    state: &SharedState,
    line: &Line,
    connection: &mut Connection,
    request: Request,
) -> io::Result<()> {
    let mut decisions = Vec::new();
    let mut next = Some(request);
    while let Some(request) = next {
        // What is no reservation has come in at the wrong place, and the office says so.
        let (pending, decision) = line.reservation(request);
        line.submit(pending);
        decisions.push((request, decision));
        next = connection.next_if(|request| request.kind() == Some(Kind::Reserve));
    }
    let (mut sent, mut reply) = (Ok(()), Reply::default());
    for (request, decision) in decisions {
        reply.tell(&request, decision.wait(), state.server);
        sent = sent.and_then(|()| connection.reply(&reply));
        count(state, &request, &reply);
    }
    sent
}

fn send(
    state: &SharedState,
    connection: &mut Connection,
    request: &Request,
    reply: &Reply,
) -> io::Result<()> {
    let sent = connection.reply(reply);
    count(state, request, reply);
    sent
}

/// Logs and counts an answer, also when nobody was there to read it: what was reserved is reserved.
fn count(state: &SharedState, request: &Request, reply: &Reply) {
    // The watchdog's questions are no business of the box office.
    if request.nonce != state.probe {
        log::answered(request, reply);
        state.board.count_exchange(state.exchanges);
    }
}
