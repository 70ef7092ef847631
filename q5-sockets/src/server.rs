//! The server over TCP: a thread that accepts every connection, and for each of them a thread that
//! answers its requests.

use std::io;
use std::mem::ManuallyDrop;
use std::net::{SocketAddr, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::Builder;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, ensure};
use common::log;
use common::office::Office;
use common::process;
use common::reply::{Reply, Status};
use common::request::{Kind, Request};
use common::signals::Signals;
use common::start::{self, Start};
use nix::sys::signal::Signal;
use q3_threads::armour::workers::{STACK_SIZE, Workers};
use q3_threads::published::Published;
use q4_thread_per_request::committer;
use q4_thread_per_request::line::{Line, line};
use tracing::{debug, info, warn};

use crate::PACKAGE;
use crate::armour::lingering_close::{close, for_connection, hang_up};
use crate::armour::listeners::{Listeners, descriptors_for};
use crate::armour::refused::Refused;
use crate::armour::registry::{Member, Registry};
use crate::channel::{Connection, Incoming, REPLY_TIME};
use crate::options::ServerOptions;

/// Reservations that wait for the committer at most; a connection with one more waits for room.
const WAITING_MAX: usize = 1024;
/// How often the main thread looks up when no signal comes; nothing depends on it.
const WATCH_INTERVAL: Duration = Duration::from_secs(3600);
/// How long a stop waits for connections that have something to answer; then all are cut.
const ANSWER_MAX: Duration = Duration::from_millis(500);
/// How long the threads may take to answer what they have taken.
const STOP_MAX: Duration = Duration::from_millis(1300);

/// What all connections' threads use.
#[derive(Debug)]
struct SharedState {
    published: Published,
    registry: Arc<Registry>,
    idle: Duration,
    server: i32,
}

/// Serves until SIGTERM or SIGINT; returns the exit status.
///
/// # Errors
/// If the server cannot start, or a part of it ends although nobody asked it to.
pub fn run(options: &ServerOptions) -> anyhow::Result<u8> {
    let Start { signals, lock, store, table } = start::open(&options.common, PACKAGE)?;
    // Threads end with the process, not with this function: until then one may write.
    let _lock = ManuallyDrop::new(lock);
    process::name("q5 server").context("cannot name the process")?;
    let listeners = Arc::new(Listeners::open(&options.listen)?);
    let room = descriptors_for(options.max_connections).context("cannot set RLIMIT_NOFILE")?;
    let state = Arc::new(SharedState {
        published: Published::new(&table),
        registry: Arc::new(Registry::new(room)),
        idle: options.idle_timeout,
        server: std::process::id() as i32,
    });
    let mut workers = Workers::new();
    let (shared, (line, waiting)) = (state.clone(), line(WAITING_MAX));
    workers
        .start("q5 commit", move |ready| {
            ready.report()?;
            let office = Office::new(store, table);
            committer::run(office, &waiting, |table| shared.published.publish(table))
        })
        .context("cannot start a thread")?;
    let (handle, shared) = (listeners.clone(), state.clone());
    workers
        .start("q5 accept", move |ready| {
            ready.report()?;
            serve(&handle, &shared, line)
        })
        .context("cannot start a thread")?;
    workers.wait_ready()?;
    start::ready_line(PACKAGE, listeners.addresses().context("cannot tell the address")?[0])?
        .print()?;
    let watched = watch(&signals, &mut workers);
    let stopped = stop(&signals, &mut workers, &listeners, &state);
    watched.and(stopped)?;
    Ok(0)
}

/// The accepting thread's life: takes every connection, the oldest first, and starts its thread.
///
/// It holds the committer's line and gives each connection one of its own, so that the committer
/// ends when this and all of them do.
fn serve(listeners: &Listeners, state: &Arc<SharedState>, line: Line) -> anyhow::Result<()> {
    let mut refused = Refused::default();
    while let Some((stream, peer)) = listeners.accept(&mut refused)? {
        start_thread(state, &line, Arc::new(stream), peer, &mut refused);
    }
    finish(&refused);
    Ok(())
}

/// Starts the thread of a connection, or says that the server is busy.
fn start_thread(
    state: &Arc<SharedState>,
    line: &Line,
    stream: Arc<TcpStream>,
    peer: SocketAddr,
    refused: &mut Refused,
) {
    let busy = for_connection(Status::Busy, state.server);
    let Some(member) = state.registry.enter(&stream) else { return refused.tell(stream, &busy) };
    let (shared, line, handle) = (state.clone(), line.clone(), stream.clone());
    let thread =
        Builder::new().name("q5 connection".into()).stack_size(STACK_SIZE).spawn(move || {
            log::add_field("peer", peer);
            let answered =
                catch_unwind(AssertUnwindSafe(|| answer(&shared, &line, handle, &member)));
            match answered {
                Ok(Ok(())) => debug!("closed"),
                Ok(Err(error)) => debug!("lost: {error}"),
                Err(_) => warn!("a panic has cost this connection"),
            }
        });
    if let Err(error) = thread {
        warn!("cannot start a thread: {error}");
        refused.tell(stream, &busy);
    }
}

/// A connection's thread: any number of requests, answered in order; a panic costs only this one.
fn answer(
    state: &SharedState,
    line: &Line,
    stream: Arc<TcpStream>,
    member: &Member,
) -> io::Result<()> {
    let mut connection = Connection::new(stream, state.idle, REPLY_TIME)?;
    let (mut has_asked, mut now) = (false, Instant::now());
    loop {
        match connection.receive(now)? {
            Incoming::Request(request) => {
                member.busy();
                match request.kind() {
                    Some(Kind::Reserve) => reserve(state, line, &mut connection, request)?,
                    _ => consult(state, &mut connection, &request)?,
                }
                now = Instant::now();
                member.idle(now);
                has_asked = true;
            }
            Incoming::Garbage(request) => {
                let reply = Reply::new(&request, Status::BadRequest, state.server);
                send(&mut connection, &request, &reply)?;
                return hang_up(&mut connection, member);
            }
            Incoming::Idle | Incoming::Closed => break,
        }
    }
    close(connection, member, has_asked, state.server)
}

/// A consultation: answered from the published table.
#[inline(never)] // What a reply takes of the stack, a connection that never asks need not touch.
fn consult(state: &SharedState, connection: &mut Connection, request: &Request) -> io::Result<()> {
    let mut reply = Reply::default();
    state.published.answer(request, state.server, &mut reply);
    send(connection, request, &reply)
}

/// A reservation: waits for the committer's decision, together with those that came with it.
#[inline(never)]
fn reserve(
    state: &SharedState,
    line: &Line,
    connection: &mut Connection,
    request: Request,
) -> io::Result<()> {
    let mut decisions = Vec::new();
    let mut next = Some(request);
    while let Some(request) = next {
        let (pending, decision) = line.reservation(request);
        line.submit(pending);
        decisions.push((request, decision));
        next = connection.next_if(|request| request.kind() == Some(Kind::Reserve));
    }
    let (mut sent, mut reply) = (Ok(()), Reply::default());
    for (request, decision) in decisions {
        reply.tell(&request, decision.wait(), state.server);
        sent = sent.and_then(|()| connection.reply(&reply));
        log::answered(&request, &reply);
    }
    sent
}

fn send(connection: &mut Connection, request: &Request, reply: &Reply) -> io::Result<()> {
    let sent = connection.reply(reply);
    // Also when nobody is there to read it: what was reserved is reserved.
    log::answered(request, reply);
    sent
}

/// The accepting thread's end: the sums.
fn finish(refused: &Refused) {
    if refused.count() > 0 {
        info!(refused = refused.count(), "connections found no room");
    }
}

/// The main thread's life: waits for a signal to stop, or for the end of a thread that may not end.
fn watch(signals: &Signals, workers: &mut Workers) -> anyhow::Result<()> {
    loop {
        match signals.wait(WATCH_INTERVAL)? {
            Some(Signal::SIGCHLD) => {
                if let Some(ended) = workers.reap().first() {
                    return Err(anyhow!("{ended}, and a server without it is none: stopping"));
                }
            }
            Some(signal) => {
                info!("stopping on {signal}");
                return Ok(());
            }
            None => {}
        }
    }
}

/// Ends the mechanism: nobody can connect any more, and connections answer what they have received.
fn stop(
    signals: &Signals,
    workers: &mut Workers,
    listeners: &Listeners,
    state: &SharedState,
) -> anyhow::Result<()> {
    let deadline = Instant::now() + STOP_MAX;
    listeners.close().context("cannot close the listening sockets")?;
    state.registry.stop();
    if state.registry.wait_empty(Instant::now() + ANSWER_MAX) > 0 {
        state.registry.cut();
    }
    let late = state.registry.wait_empty(deadline);
    workers.wait_end(signals, deadline)?;
    ensure!(late == 0, "{late} connections did not end in time");
    Ok(())
}
