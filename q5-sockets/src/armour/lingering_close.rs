//! The end of a connection: a last word, and no close that would destroy what was said before.
//!
//! A close with unread bytes is answered by the kernel with a reset, and a reset destroys replies
//! that are still on their way.

use std::io;
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsRawFd;
use std::thread::sleep;
use std::time::{Duration, Instant};

use common::reply::{Reply, Status};
use common::request::Request;
use nix::sys::socket::{MsgFlags, send};
use zerocopy::FromZeros;

use crate::armour::deadline::Deadline;
use crate::armour::registry::Member;
use crate::channel::Connection;
use crate::sys;

/// How long a connection may stay until its last replies have arrived.
const LINGER_MAX: Duration = Duration::from_secs(1);
/// How often to look whether the other side has closed; after our own SHUT_RD nothing tells.
const LINGER_POLL: Duration = Duration::from_millis(5);

/// A reply that speaks for a whole connection: what it has not answered was not done.
pub fn for_connection(status: Status, server: i32) -> Reply {
    Reply::new(&Request::new_zeroed(), status, server)
}

/// Sends a reply if there is room for it at once: nobody waits for a connection that ends.
///
/// # Errors
/// EAGAIN, EPIPE, ECONNRESET. See send(2).
pub fn send_now(stream: &TcpStream, reply: &Reply) -> io::Result<()> {
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
    send(stream.as_raw_fd(), reply.bytes(), flags)?;
    Ok(())
}

/// Ends a connection from which no more is received: if it is we who end it, with the reason, and
/// with time to read it if replies may still be on their way.
///
/// # Errors
/// EAGAIN, EPIPE, ECONNRESET, TimedOut. See send(2).
pub fn close(
    mut connection: Connection,
    member: &Member,
    has_asked: bool,
    server: i32,
) -> io::Result<()> {
    let Some(status) = member.told() else { return Ok(()) };
    send_now(&connection.stream, &for_connection(status, server))?;
    if status == Status::Unavailable && has_asked && member.was_asked_lately() {
        linger(&mut connection, member)?;
    }
    Ok(())
}

/// Ends a connection in which no request can be found any more: nothing more will be sent.
///
/// # Errors
/// ENOTCONN, ECONNRESET, TimedOut. See tcp(7).
pub fn hang_up(connection: &mut Connection, member: &Member) -> io::Result<()> {
    connection.stream.shutdown(Shutdown::Write)?;
    linger(connection, member)
}

/// Throws away what still arrives, until the other side has closed, a second has passed, or all
/// connections are cut.
///
/// Where our read side is shut down already (a stop) the write side stays open meanwhile: a socket
/// that is shut both ways answers whatever arrives with a reset, as if it were closed.
fn linger(connection: &mut Connection, member: &Member) -> io::Result<()> {
    let deadline = Instant::now() + LINGER_MAX;
    loop {
        connection.take(connection.received().len());
        if connection.fill(Deadline::at(deadline))? > 0 {
            continue;
        }
        // After our own SHUT_RD that 0 says nothing.
        if member.is_cut() || !sys::may_send(&connection.stream)? {
            return Ok(());
        }
        sleep(LINGER_POLL);
    }
}
