//! The clients' FIFOs as a worker holds them: they stay open, so that a reply costs one write, and
//! no call waits.
//!
//! Stops: `hostile::a_client_that_never_reads_delays_nobody`.

use std::fs::File;
use std::io::ErrorKind::{BrokenPipe, WouldBlock};
use std::io::{self, Write};

use common::protocol::reply::Reply;
use nix::errno::Errno;
use tracing::{debug, info};

use crate::armour::inbox;
use crate::fifo;

/// FIFOs open at most. The usual limit is 1024 descriptors for a process.
const OPEN_MAX: usize = 256;

/// The write ends that one worker has open.
///
/// Made before the fork, with all the memory that they need. A worker that allocates writes to pages
/// of the C library, which it would share otherwise.
#[derive(Debug)]
pub struct ReplyFifos {
    /// DIR, whatever its name is by now.
    dir: File,
    /// A buffer for the name of one of them.
    name: String,
    /// Sorted by client.
    open: Vec<OpenFifo>,
    /// Replies so far: the clock by which the least recently used FIFO is found.
    n_replies: u64,
    lost: u64,
}

#[derive(Debug)]
struct OpenFifo {
    client: i32,
    end: File,
    /// Device and inode: another FIFO may have taken its name.
    inode: (u64, u64),
    /// The number of the reply that used it last, and that reply's nonce.
    last_used: u64,
    nonce: u64,
}

impl ReplyFifos {
    /// No FIFO is open yet; they will be opened in `dir`.
    ///
    /// # Errors
    /// EMFILE. See dup(2).
    pub fn new(dir: &File) -> io::Result<ReplyFifos> {
        let (dir, name) = (dir.try_clone()?, String::with_capacity(inbox::NAME_MAX));
        Ok(ReplyFifos { dir, name, open: Vec::with_capacity(OPEN_MAX), n_replies: 0, lost: 0 })
    }

    /// Sends a reply in one write, wholly or not at all; never waits.
    ///
    /// A client loses the reply if it is gone, has no FIFO, or has let it fill by never reading. That
    /// is no error: nothing else can be done, and the others must be served.
    pub fn reply(&mut self, client: i32, reply: &Reply) {
        if let Err(error) = self.write(client, reply) {
            self.lost += 1;
            debug!(client, "lost a reply: {error}");
        }
    }

    /// Logs how many replies were lost.
    pub fn log_lost(&self) {
        if self.lost > 0 {
            info!(lost = self.lost, "replies did not reach their clients");
        }
    }

    fn write(&mut self, client: i32, reply: &Reply) -> io::Result<()> {
        let (bytes, nonce) = (reply.bytes(), reply.nonce.get());
        self.n_replies += 1;
        if let Ok(at) = self.find(client) {
            // A client counts its nonces up. Another number may be a new client with an old PID, and
            // somebody who inherited the old FIFO would read its replies.
            let is_known = nonce == self.open[at].nonce.wrapping_add(1) || self.is_current(at);
            let fifo = &mut self.open[at];
            (fifo.last_used, fifo.nonce) = (self.n_replies, nonce);
            let written =
                if is_known { write_once(&fifo.end, bytes) } else { Err(BrokenPipe.into()) };
            match written {
                // The reader is gone, or has filled the FIFO at its end (see Inbox's Drop). A new
                // client may have the same id, and a new FIFO of the same name.
                Err(error) if error.kind() == BrokenPipe => {}
                Err(error) if error.kind() == WouldBlock && !self.is_current(at) => {}
                result => return result,
            }
            self.open.remove(at);
        }
        let end = self.open_fifo(client)?;
        let inode = fifo::inode_of(&end.metadata()?);
        let written = write_once(&end, bytes);
        // A full FIFO stays open too: a client that floods and never reads must not cost an open for
        // each request.
        if written.as_ref().is_err_and(|error| error.kind() != WouldBlock) {
            return written;
        }
        if self.open.len() == OPEN_MAX {
            self.close_least_recently_used();
        }
        if let Err(at) = self.find(client) {
            self.open.insert(at, OpenFifo { client, end, inode, last_used: self.n_replies, nonce });
        }
        written
    }

    /// The index of the client's FIFO, or else the index at which to insert it.
    fn find(&self, client: i32) -> Result<usize, usize> {
        self.open.binary_search_by_key(&client, |fifo| fifo.client)
    }

    /// Closes one; false if none is open.
    fn close_least_recently_used(&mut self) -> bool {
        let uses = self.open.iter().enumerate().map(|(at, fifo)| (fifo.last_used, at));
        let Some((_, at)) = uses.min() else { return false };
        self.open.remove(at);
        true
    }

    /// Whether the open FIFO still has its name, and no other FIFO has it.
    fn is_current(&self, at: usize) -> bool {
        let fifo = &self.open[at];
        let found = fifo::inode(&self.dir, inbox::name(fifo.client));
        found.is_ok_and(|inode| inode == fifo.inode)
    }

    /// Opens a client's FIFO. If no descriptor is left, closes another one first.
    fn open_fifo(&mut self, client: i32) -> io::Result<File> {
        inbox::write_name(&mut self.name, client);
        match fifo::open_writer_at(&self.dir, &self.name) {
            Err(error) if is_out_of_descriptors(&error) && self.close_least_recently_used() => {
                fifo::open_writer_at(&self.dir, &self.name)
            }
            result => result,
        }
    }
}

fn is_out_of_descriptors(error: &io::Error) -> bool {
    matches!(error.raw_os_error().map(Errno::from_raw), Some(Errno::EMFILE | Errno::ENFILE))
}

/// Writes a reply. A pipe takes up to PIPE_BUF bytes wholly or not at all.
fn write_once(mut end: &File, bytes: &[u8]) -> io::Result<()> {
    match end.write(bytes)? {
        len if len == bytes.len() => Ok(()),
        _ => Err(io::ErrorKind::WriteZero.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::armour::inbox::Inbox;
    use common::client::ask::Ask;
    use common::protocol::reply::Status;
    use common::protocol::request::Request;
    use nix::fcntl::{FcntlArg, OFlag, fcntl};

    fn reply(nonce: u64) -> Reply {
        Reply::new(&Request::new(7, nonce, Ask::View { show: 3 }), Status::Ok, 42)
    }

    fn received(inbox: &mut Inbox) -> Reply {
        let mut reply = Reply::default();
        assert!(inbox.receive(&mut reply).unwrap());
        reply
    }

    fn lost(replies: &mut ReplyFifos, client: i32) -> u64 {
        let before = replies.lost;
        replies.reply(client, &reply(1));
        replies.lost - before
    }

    #[test]
    fn a_client_that_comes_back_under_the_same_pid_gets_its_reply() {
        let dir = tempfile::tempdir().unwrap();
        let mut replies = ReplyFifos::new(&File::open(dir.path()).unwrap()).unwrap();
        for nonce in 1..5 {
            let mut inbox = Inbox::create(dir.path(), 7).unwrap();
            for _ in 0..2 {
                replies.reply(7, &reply(nonce));
                assert_eq!(received(&mut inbox), reply(nonce));
            }
            assert_eq!(replies.open.len(), 1);
        }
        assert_eq!(replies.lost, 0);
    }

    #[test]
    fn a_closed_fifo_takes_no_reply_even_if_a_forked_child_still_holds_it() {
        let dir = tempfile::tempdir().unwrap();
        let mut replies = ReplyFifos::new(&File::open(dir.path()).unwrap()).unwrap();
        let inbox = Inbox::create(dir.path(), 7).unwrap();
        replies.reply(7, &reply(1));
        let _childs_copy = nix::unistd::dup(&inbox).unwrap();
        drop(inbox);
        let mut inbox = Inbox::create(dir.path(), 7).unwrap();
        replies.reply(7, &reply(2));
        fcntl(&inbox, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
        assert_eq!(received(&mut inbox), reply(2));
    }

    #[test]
    fn a_new_client_gets_its_replies_though_somebody_reads_the_fifo_of_the_old_one() {
        let dir = tempfile::tempdir().unwrap();
        let mut replies = ReplyFifos::new(&File::open(dir.path()).unwrap()).unwrap();
        let inbox = Inbox::create(dir.path(), 7).unwrap();
        replies.reply(7, &reply(1));
        // It was killed, so it has not filled its FIFO at its end.
        let _childs_copy = nix::unistd::dup(&inbox).unwrap();
        std::mem::forget(inbox);
        let mut inbox = Inbox::create(dir.path(), 7).unwrap();
        for nonce in [1000, 1001] {
            replies.reply(7, &reply(nonce));
            fcntl(&inbox, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
            assert_eq!(received(&mut inbox), reply(nonce));
        }
    }

    #[test]
    fn a_reply_to_nobody_is_lost_and_waited_for_by_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let mut replies = ReplyFifos::new(&File::open(dir.path()).unwrap()).unwrap();
        assert_eq!(lost(&mut replies, 7), 1, "no FIFO");
        let inbox = Inbox::create(dir.path(), 7).unwrap();
        assert_eq!(lost(&mut replies, 7), 0);
        drop(inbox);
        assert_eq!(lost(&mut replies, 7), 1, "no FIFO any more");
        let _unread = fifo::Fifo::create(inbox::path(dir.path(), 7)).unwrap();
        assert_eq!(lost(&mut replies, 7), 1, "no reader");
        assert!(replies.open.is_empty());
        let _inbox = Inbox::create(dir.path(), 8).unwrap();
        let sent = (0..9999).take_while(|_| lost(&mut replies, 8) == 0).count();
        assert_eq!(sent, 8192, "until 256 KiB wait there unread");
    }

    #[test]
    fn the_least_recently_used_fifo_is_closed_for_a_new_one() {
        let dir = tempfile::tempdir().unwrap();
        let mut replies = ReplyFifos::new(&File::open(dir.path()).unwrap()).unwrap();
        let _first = Inbox::create(dir.path(), 1).unwrap();
        for client in 2..=OPEN_MAX as i32 + 10 {
            let _inbox = Inbox::create(dir.path(), client).unwrap();
            for client in [client, 1] {
                replies.reply(client, &reply(1));
                assert!(replies.find(client).is_ok());
            }
        }
        assert_eq!((replies.lost, replies.open.len()), (0, OPEN_MAX));
        let clients = replies.open.iter().map(|fifo| fifo.client);
        assert!(clients.eq([1].into_iter().chain(12..=OPEN_MAX as i32 + 10)));
    }
}
