//! The dispatcher: tells each client which server to ask, and makes sure first that it is there.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use common::reply::{Reply, Status};
use common::request::{Kind, Request};
use common::signals::Signals;
use q1_pipes::workers::Ready;
use q3_threads::workers::Workers;
use q5_sockets::connection::Connection;
use q5_sockets::listeners::Listeners;
use tracing::debug;
use zerocopy::little_endian::I32;

use crate::board::{Board, Number};
use crate::channel::End;
use crate::options::ServerOptions;
use crate::presence::Presence;
use crate::service::Service;

/// How long a client may wait for a consultation server that is there, before it is told BUSY.
const PATIENCE: Duration = Duration::from_secs(1);

/// What all connections' threads use.
#[derive(Debug)]
struct Desk {
    board: Arc<Board>,
    reservation: Presence,
    consultation: Vec<Presence>,
    /// Which consultation server is next, in turn.
    turn: AtomicUsize,
    server: i32,
}

/// The dispatcher's life; `ends` are its sides of the pairs, the reservation server's first.
///
/// # Errors
/// If it cannot start, or a part of it ends although nobody asked it to.
pub fn run(
    options: &ServerOptions,
    board: &Arc<Board>,
    signals: &Signals,
    listeners: Listeners,
    ends: Vec<(Number, End)>,
    ready: Ready,
) -> anyhow::Result<()> {
    let start = getrandom::u64().map_err(io::Error::from).context("cannot draw a number")?;
    let presence = |(server, end)| Presence::new(server, board.clone(), end, start);
    let mut all = ends.into_iter().map(presence);
    let reservation = all.next().context("no reservation server")?;
    let desk = Desk {
        board: board.clone(),
        reservation,
        consultation: all.collect(),
        turn: AtomicUsize::new(0),
        server: std::process::id() as i32,
    };
    let service = Service::new(listeners, options)?;
    let mut workers = Workers::new();
    let shared = service.clone();
    workers
        .start("q6 accept", move |ready| {
            ready.report()?;
            shared.serve(move |connection, request| redirect(&desk, connection, request))
        })
        .context("cannot start a thread")?;
    workers.wait_ready()?;
    ready.report()?;
    service.watch(signals, &mut workers, board, None)
}

/// A connection's thread: sends the client on, to a server that has just said that it is there.
fn redirect(desk: &Desk, connection: &mut Connection, request: Request) -> io::Result<()> {
    let port = match request.kind() {
        Some(Kind::Reserve) => desk.reservation.port()?,
        Some(Kind::List | Kind::View) => consultation(desk)?,
        None => return refuse(desk, connection, &request, Status::BadRequest),
    };
    match port {
        Some(port) => {
            let reply = Reply::new(&request, Status::Redirect, desk.server);
            let reply = Reply { show: I32::new(port.into()), ..reply };
            debug!(client = request.client.get(), port, "redirected");
            connection.reply(&reply)
        }
        // It is not late but gone for good, and so shall we be in a moment.
        None if desk.board.is_ending() => refuse(desk, connection, &request, Status::Unavailable),
        None => refuse(desk, connection, &request, Status::Busy),
    }
}

/// The port of the next consultation server that is there.
fn consultation(desk: &Desk) -> io::Result<Option<u16>> {
    let first = desk.turn.fetch_add(1, Ordering::Relaxed);
    let (count, came) = (desk.consultation.len(), Instant::now());
    for n in 0..count {
        // Those that were asked are known to be silent; the next client asks the others.
        if came.elapsed() > PATIENCE {
            break;
        }
        if let Some(port) = desk.consultation[(first + n) % count].port()? {
            return Ok(Some(port));
        }
    }
    Ok(None)
}

fn refuse(
    desk: &Desk,
    connection: &mut Connection,
    request: &Request,
    status: Status,
) -> io::Result<()> {
    connection.reply(&Reply::new(request, status, desk.server))
}
