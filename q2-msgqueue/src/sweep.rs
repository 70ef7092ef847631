//! Keeping the reply queue open: finds the messages that nobody will read, and takes them out.

use std::collections::HashMap;
use std::io;
use std::time::{Duration, Instant};

use common::process::is_alive;
use tracing::{debug, info};

use crate::queue::{Queue, Received, Wait, Which};

/// How long a live client may leave a reply unread before it counts as one that never reads; one
/// that waits takes it within microseconds.
const UNREAD_MAX: Duration = Duration::from_secs(1);

/// Which messages may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Those of clients that are gone.
    Tidy,
    /// Those too that a live client has left behind: all but its newest, and what has been there
    /// for a second.
    Room,
}

/// What tells two messages apart: the type, and the nonce.
type Mark = (i64, [u8; 8]);

/// Remembers since when a message has been seen.
#[derive(Debug)]
pub struct Sweeper {
    seen: HashMap<Mark, Instant>,
    can_peek: bool,
    discarded: u64,
}

impl Sweeper {
    /// A sweeper for `replies`, which may be empty or not.
    ///
    /// # Errors
    /// If the queue is gone.
    pub fn new(replies: &Queue) -> io::Result<Sweeper> {
        let can_peek = match replies.peek(0) {
            Err(error) if error.raw_os_error() == Some(libc::ENOSYS) => {
                info!("this kernel has no MSG_COPY: a full reply queue loses its oldest message");
                false
            }
            result => result.map(|_| true)?,
        };
        Ok(Sweeper { seen: HashMap::new(), can_peek, discarded: 0 })
    }

    /// Messages taken out so far.
    pub fn discarded(&self) -> u64 {
        self.discarded
    }

    /// Takes out what nobody will read.
    ///
    /// # Errors
    /// If the queue is gone.
    pub fn sweep(&mut self, replies: &Queue, need: Need) -> io::Result<()> {
        if !self.can_peek {
            if need == Need::Room && replies.receive(Which::All, Wait::No)?.is_some() {
                self.discarded += 1;
            }
            return Ok(());
        }
        let marks = self.look(replies)?;
        for (client, marks) in by_client(&marks) {
            let unread = self.unread(client, &marks, need);
            self.discard(replies, client, &marks[..unread])?;
        }
        Ok(())
    }

    /// The messages in the queue, the oldest first; remembers the new ones, forgets those that are
    /// gone.
    fn look(&mut self, replies: &Queue) -> io::Result<Vec<Mark>> {
        let mut marks = Vec::new();
        while let Some(received) = replies.peek(marks.len() as i64)? {
            marks.push(mark(&received));
        }
        let now = Instant::now();
        self.seen =
            marks.iter().map(|mark| (*mark, self.seen.get(mark).copied().unwrap_or(now))).collect();
        Ok(marks)
    }

    /// How many of a client's messages, from the oldest on, nobody will read.
    fn unread(&self, client: i64, marks: &[Mark], need: Need) -> usize {
        if !i32::try_from(client).is_ok_and(is_alive) {
            return marks.len();
        }
        if need == Need::Tidy {
            return 0;
        }
        let newest = marks.len() - 1;
        let is_old =
            self.seen.get(&marks[newest]).is_some_and(|since| since.elapsed() >= UNREAD_MAX);
        if is_old { marks.len() } else { newest }
    }

    /// Takes out the oldest messages of a client, as many as `unread`.
    fn discard(&mut self, replies: &Queue, client: i64, unread: &[Mark]) -> io::Result<()> {
        for _ in unread {
            let Some(received) = replies.receive(Which::Only(client), Wait::No)? else { break };
            // If the client has read meanwhile, this is a message that was to stay, or a new one.
            let was_meant = unread.contains(&mark(&received));
            if !was_meant && replies.send(client, received.bytes(), Wait::No).is_ok() {
                debug!(client, "put a message back that was not meant");
                break;
            }
            self.discarded += 1;
        }
        Ok(())
    }
}

fn mark(received: &Received) -> Mark {
    let nonce = received.bytes().get(8..16).and_then(|bytes| bytes.try_into().ok());
    (received.mtype(), nonce.unwrap_or_default())
}

fn by_client(marks: &[Mark]) -> HashMap<i64, Vec<Mark>> {
    let mut clients: HashMap<i64, Vec<Mark>> = HashMap::new();
    for mark in marks {
        clients.entry(mark.0).or_default().push(*mark);
    }
    clients
}
