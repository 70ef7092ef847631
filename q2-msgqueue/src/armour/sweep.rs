//! Garbage collection of the reply queue: finds the messages of clients that are gone, and takes them
//! out.
//!
//! Stops: `hostile::clients_killed_between_request_and_reply_delay_nobody`.

use std::collections::BTreeMap;
use std::io;

use common::program::process::is_alive;
use tracing::{debug, info};

use crate::queue::{Queue, Received, Wait, Which};

/// Messages that one sweep reads at most, from the oldest on. The kernel counts from the first for
/// each of them. A queue of the usual size (16384 bytes) holds half as many replies of 32 bytes.
const SCANNED_MAX: i64 = 1024;

/// What tells two messages apart: the type, and the nonce.
type MessageId = (i64, [u8; 8]);

/// Takes out what nobody can read any more.
#[derive(Debug)]
pub struct Sweeper {
    can_peek: bool,
}

impl Sweeper {
    /// A sweeper for `replies`; tries whether the kernel can copy messages.
    ///
    /// # Errors
    /// If the queue is gone.
    pub fn new(replies: &Queue) -> io::Result<Sweeper> {
        let can_peek = match replies.peek(0) {
            Err(error) if error.raw_os_error() == Some(libc::ENOSYS) => {
                info!(
                    "this kernel has no MSG_COPY: the messages of dead clients stay until the queue is full"
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
        for (client, seen) in by_client(replies)? {
            if !i32::try_from(client).is_ok_and(is_alive) {
                discard(replies, client, &seen)?;
            }
        }
        Ok(())
    }
}

/// The messages in the queue by client, the oldest first.
fn by_client(replies: &Queue) -> io::Result<BTreeMap<i64, Vec<MessageId>>> {
    let mut clients: BTreeMap<i64, Vec<MessageId>> = BTreeMap::new();
    let mut position = 0;
    while position < SCANNED_MAX
        && let Some(received) = replies.peek(position)?
    {
        clients.entry(received.mtype()).or_default().push(message_id(&received));
        position += 1;
    }
    Ok(clients)
}

/// Takes out the messages that were seen of a client that is gone.
fn discard(replies: &Queue, client: i64, seen: &[MessageId]) -> io::Result<()> {
    for _ in seen {
        let Some(received) = replies.receive(Which::Only(client), Wait::No)? else { break };
        // Another process may have this PID by now, and this may be its reply.
        let was_seen = seen.contains(&message_id(&received));
        if !was_seen && replies.send(client, received.bytes(), Wait::No).is_ok() {
            debug!(client, "put back a message that came after the scan");
            break;
        }
    }
    Ok(())
}

fn message_id(received: &Received) -> MessageId {
    let nonce = received.bytes().get(8..16).and_then(|bytes| bytes.try_into().ok());
    (received.mtype(), nonce.unwrap_or_default())
}
