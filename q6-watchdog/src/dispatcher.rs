//! The dispatcher: sends each client on to a server, after it has asked whether that server is there.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use common::protocol::reply::{Reply, Status};
use common::protocol::request::{Kind, Request};
use q1_pipes::process::workers::Ready;
use q3_threads::armour::workers::Workers;
use q5_sockets::channel::Connection;
use tracing::debug;
use zerocopy::little_endian::I32;

use crate::channel::End;
use crate::service::{self, Inherited};
use crate::watchdog::board::{Board, Number};
use crate::watchdog::presence::Presence;

/// How long a client may wait for a consultation server that is there, before it is told BUSY.
const WAIT_MAX: Duration = Duration::from_secs(1);

/// What all connections' threads use.
#[derive(Debug)]
struct SharedState {
    board: Arc<Board>,
    reservation: Presence,
    consultation: Vec<Presence>,
    /// Which consultation server is next: each in turn.
    next: AtomicUsize,
    server: i32,
}

/// Runs the dispatcher; `ends` are its sides of the pairs, the reservation server's first.
///
/// # Errors
/// If it cannot start, or a part of it ends although nobody asked it to.
pub fn run(inherited: Inherited<'_>, ends: Vec<(Number, End)>, ready: Ready) -> anyhow::Result<()> {
    let start = getrandom::u64().map_err(io::Error::from).context("cannot draw a number")?;
    let board = inherited.board.clone();
    let presence = |(server, end)| Presence::new(server, board.clone(), end, start);
    let mut all = ends.into_iter().map(presence);
    let reservation = all.next().context("no reservation server")?;
    let state = SharedState {
        board: board.clone(),
        reservation,
        consultation: all.collect(),
        next: AtomicUsize::new(0),
        server: std::process::id() as i32,
    };
    let answer =
        move |connection: &mut Connection, request: Request| redirect(&state, connection, request);
    service::serve(inherited, Workers::new(), None, answer, ready)
}

/// A connection's thread: redirects the client to a server that has just answered a ping.
fn redirect(state: &SharedState, connection: &mut Connection, request: Request) -> io::Result<()> {
    let port = match request.kind() {
        Some(Kind::Reserve) => state.reservation.port()?,
        Some(Kind::List | Kind::View) => consultation(state)?,
        None => return refuse(state, connection, &request, Status::BadRequest),
    };
    match port {
        Some(port) => {
            let reply = Reply::new(&request, Status::Redirect, state.server);
            let reply = Reply { show: I32::new(port.into()), ..reply };
            debug!(client = request.client.get(), port, "redirected");
            connection.reply(&reply)
        }
        // The server is not late: it has ended, and so will this one in a moment.
        None if state.board.is_ending() => refuse(state, connection, &request, Status::Unavailable),
        None => refuse(state, connection, &request, Status::Busy),
    }
}

/// The port of the next consultation server that is there.
fn consultation(state: &SharedState) -> io::Result<Option<u16>> {
    let first = state.next.fetch_add(1, Ordering::Relaxed);
    let count = state.consultation.len();
    let came = Instant::now();
    for n in 0..count {
        // Those that were asked are known to be silent. The next client asks the others.
        if came.elapsed() > WAIT_MAX {
            break;
        }
        if let Some(port) = state.consultation[(first + n) % count].port()? {
            return Ok(Some(port));
        }
    }
    Ok(None)
}

fn refuse(
    state: &SharedState,
    connection: &mut Connection,
    request: &Request,
    status: Status,
) -> io::Result<()> {
    connection.reply(&Reply::new(request, status, state.server))
}
