//! One thread and io_uring for all connections: what epoll is measured against.

use std::net::TcpStream;
use std::path::Path;

use anyhow::Context;
use common::protocol::request::REQUEST_SIZE;

use crate::baseline::disk::Disk;
use crate::baseline::{sockets, wire};
use crate::sys::{Buffer, Ring};

/// Requests to the kernel that are handed over by one call, at most.
const ENTRIES: u32 = 1024;
/// The tag of a new connection; connection n has the tags 2n and 2n + 1.
const NEW: u64 = u64::MAX;

/// Whether the kernel has io_uring, and lets us use it.
pub fn is_there() -> bool {
    Ring::new(1).is_ok()
}

/// Receives, syncs once for all reservations that have come meanwhile, and sends. One call of the
/// kernel hands over what is to be done, and brings what is done.
///
/// # Errors
/// Of the calls.
pub fn serve_durably(dir: &Path) -> anyhow::Result<()> {
    let mut disk = Disk::open(dir)?;
    let mut ring = Ring::new(ENTRIES).context("cannot make an io_uring")?;
    let listener = sockets::listen()?;
    ring.poll(&listener, NEW)?;
    let mut connections: Vec<(TcpStream, Buffer)> = Vec::new();
    let mut waiting = Vec::new();
    loop {
        for (tag, result) in ring.wait().context("cannot wait for the kernel")? {
            if tag == NEW {
                let (stream, _) = listener.accept().context("cannot accept a connection")?;
                stream.set_nodelay(true).context("cannot set TCP_NODELAY")?;
                let buffer = Buffer::new();
                ring.receive(&stream, buffer, 2 * connections.len() as u64)?;
                connections.push((stream, buffer));
                ring.poll(&listener, NEW)?;
                continue;
            }
            let (stream, buffer) = &connections[tag as usize / 2];
            let is_sent = tag % 2 == 1;
            if is_sent {
                ring.receive(stream, *buffer, tag - 1)?;
            } else if result == REQUEST_SIZE as i32 {
                let request = buffer.bytes();
                if wire::is_reservation(&request) {
                    waiting.push((tag, wire::reply_size(&request)));
                } else {
                    ring.send(stream, wire::reply_size(&request), tag + 1)?;
                }
            }
            // Whoever has closed is asked nothing more; its descriptor stays until the end.
        }
        if !waiting.is_empty() {
            disk.write_and_sync()?;
        }
        for (tag, size) in waiting.drain(..) {
            ring.send(&connections[tag as usize / 2].0, size, tag + 1)?;
        }
    }
}
