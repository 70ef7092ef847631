//! Keeping the reply queue tidy: finds the messages of clients that are gone, and takes them out.

use std::collections::BTreeMap;
use std::io;

use common::process::is_alive;
use tracing::{debug, info};

use crate::queue::{Queue, Received, Wait, Which};

/// Messages that one sweep looks at, the oldest ones: the kernel counts from the first each time. A
/// queue of the usual size (16384 bytes) has room for half as many replies of 32 bytes.
const LOOKED_AT_MAX: i64 = 1024;

/// What tells two messages apart: the type, and the nonce.
type Mark = (i64, [u8; 8]);

/// Takes out what nobody can read any more.
#[derive(Debug)]
pub struct Sweeper {
    can_peek: bool,
}

impl Sweeper {
    /// A sweeper for `replies`, which may be empty or not.
    ///
    /// # Errors
    /// If the queue is gone.
    pub fn new(replies: &Queue) -> io::Result<Sweeper> {
        let can_peek = match replies.peek(0) {
            Err(error) if error.raw_os_error() == Some(libc::ENOSYS) => {
                info!(
                    "this kernel has no MSG_COPY: what dead clients left stays while there is room"
                );
                false
            }
            result => result.map(|_| true)?,
        };
        Ok(Sweeper { can_peek })
    }

    /// Takes out the messages of clients that are gone.
    ///
    /// # Errors
    /// If the queue is gone.
    pub fn sweep(&self, replies: &Queue) -> io::Result<()> {
        if !self.can_peek {
            return Ok(());
        }
        for (client, marks) in by_client(replies)? {
            if !i32::try_from(client).is_ok_and(is_alive) {
                discard(replies, client, &marks)?;
            }
        }
        Ok(())
    }
}

/// The messages in the queue, the oldest first.
fn by_client(replies: &Queue) -> io::Result<BTreeMap<i64, Vec<Mark>>> {
    let mut clients: BTreeMap<i64, Vec<Mark>> = BTreeMap::new();
    let mut position = 0;
    while position < LOOKED_AT_MAX
        && let Some(received) = replies.peek(position)?
    {
        clients.entry(received.mtype()).or_default().push(mark(&received));
        position += 1;
    }
    Ok(clients)
}

/// Takes out the messages of a client that was gone when they were seen.
fn discard(replies: &Queue, client: i64, seen: &[Mark]) -> io::Result<()> {
    for _ in seen {
        let Some(received) = replies.receive(Which::Only(client), Wait::No)? else { break };
        // Another process may have got this PID meanwhile, and a reply.
        let was_seen = seen.contains(&mark(&received));
        if !was_seen && replies.send(client, received.bytes(), Wait::No).is_ok() {
            debug!(client, "put a message back that was not meant");
            break;
        }
    }
    Ok(())
}

fn mark(received: &Received) -> Mark {
    let nonce = received.bytes().get(8..16).and_then(|bytes| bytes.try_into().ok());
    (received.mtype(), nonce.unwrap_or_default())
}
