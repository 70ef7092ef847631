//! The lingering close: a connection's end that does not destroy the replies before it.
//!
//! If bytes are unread at a close, the kernel sends a reset, and a reset destroys replies that are
//! still on their way. This stops it: `sockets`
//! `every_acknowledgement_of_a_stopping_server_arrives`.

use std::io;
use std::net::Shutdown;
use std::thread::sleep;
use std::time::{Duration, Instant};

use common::protocol::reply::{Reply, Status};
use common::protocol::request::Request;
use zerocopy::FromZeros;

use crate::armour::deadline::Deadline;
use crate::armour::registry::Member;
use crate::channel::Connection;
use crate::stream::Stream;
use crate::sys;

/// How long a connection may stay until its last replies have arrived.
const LINGER_MAX: Duration = Duration::from_millis(500);
/// How often to ask whether the other side has closed: after our own SHUT_RD no call waits for it.
const LINGER_POLL: Duration = Duration::from_millis(5);

/// A reply that is meant for a whole connection: what has no answer there was not done.
pub fn for_connection(status: Status, server: i32) -> Reply {
    Reply::new(&Request::new_zeroed(), status, server)
}

/// Ends a connection from which no more is received. If we end it, the client is told why, and has
/// time to read replies that may still be on their way: see [`Closing`](crate::armour::closing).
///
/// # Errors
/// EAGAIN, EPIPE, ECONNRESET, TimedOut. See send(2).
pub fn close<S: Stream>(
    mut connection: Connection<S>,
    member: &Member,
    server: i32,
) -> io::Result<()> {
    let Some(closing) = connection.closing() else {
        connection.stream.finish();
        return Ok(());
    };
    connection.reply_now(&for_connection(closing.status, server))?;
    connection.stream.finish();
    if member.was_active_lately() {
        linger(&mut connection)?;
    }
    Ok(())
}

/// Ends a connection in which no request can be found any more, after the reply that says so.
///
/// # Errors
/// ENOTCONN, ECONNRESET, TimedOut. See tcp(7).
pub fn hang_up<S: Stream>(connection: &mut Connection<S>) -> io::Result<()> {
    connection.stream.finish();
    connection.stream.tcp().socket().shutdown(Shutdown::Write)?;
    linger(connection)
}

/// Ends a connection after an error. If we end it anyway, and its client does not read, then the
/// replies before are delivered after the close, as long as nothing is unread here.
///
/// # Errors
/// The error that it is given.
pub fn give_up<S: Stream>(connection: &mut Connection<S>, error: io::Error) -> io::Result<()> {
    if connection.closing().is_some() && error.kind() == io::ErrorKind::TimedOut {
        linger(connection)?;
    }
    Err(error)
}

/// Discards what still arrives, until the other side has closed or the time for that has passed.
///
/// # Errors
/// ECONNRESET, TimedOut. See tcp(7).
fn linger<S: Stream>(connection: &mut Connection<S>) -> io::Result<()> {
    let deadline = Instant::now() + LINGER_MAX;
    loop {
        let end =
            connection.closing().map_or(deadline, |closing| deadline.min(closing.linger_until));
        if connection.discard(Deadline::at(end))? > 0 {
            continue;
        }
        // After our own SHUT_RD a read of 0 bytes does not mean that the other side has closed.
        if !sys::may_send(connection.stream.tcp().socket())? {
            return Ok(());
        }
        sleep(LINGER_POLL);
    }
}
