//! The clients' FIFOs as a worker holds them: kept open, so that a reply costs one write, and never
//! waited for.

use std::ffi::OsString;
use std::fs::File;
use std::io::ErrorKind::{BrokenPipe, WouldBlock};
use std::io::{self, Write};
use std::path::Path;

use common::reply::Reply;
use nix::errno::Errno;
use tracing::{debug, info};

use crate::armour::inbox;
use crate::fifo;

/// FIFOs kept open at most; with the usual limit of 1024 descriptors a worker is far from its end.
const KEPT_MAX: usize = 256;

/// The write ends that one worker keeps.
///
/// Made before the fork, with all the memory that they need: a worker that allocates writes pages of
/// the C library's that it would share otherwise.
#[derive(Debug)]
pub struct ReplyFifos<'a> {
    dir: &'a Path,
    /// Room for the path of one of them.
    path: OsString,
    /// By client.
    kept: Vec<Kept>,
    /// Replies so far, which tell the one used last.
    turn: u64,
    lost: u64,
}

#[derive(Debug)]
struct Kept {
    client: i32,
    end: File,
    /// Device and inode: another FIFO may have taken its name.
    inode: (u64, u64),
    /// The turn in which it was used last.
    used: u64,
}

impl<'a> ReplyFifos<'a> {
    /// None open yet; they will be looked for in `dir`.
    pub fn new(dir: &'a Path) -> ReplyFifos<'a> {
        let (path, kept) = (inbox::room_for_path(dir), Vec::with_capacity(KEPT_MAX));
        ReplyFifos { dir, path, kept, turn: 0, lost: 0 }
    }

    /// Sends a reply in one write, which is whole or not at all; never waits.
    ///
    /// A client that is gone, has no FIFO, or has filled it by never reading, loses the reply. That
    /// is no error: nothing else can be done, and the others must be served.
    pub fn reply(&mut self, client: i32, reply: &Reply) {
        if let Err(error) = self.write(client, reply.bytes()) {
            self.lost += 1;
            debug!(client, "lost a reply: {error}");
        }
    }

    /// Says how many replies were lost.
    pub fn finish(&self) {
        if self.lost > 0 {
            info!(lost = self.lost, "replies did not reach their clients");
        }
    }

    fn write(&mut self, client: i32, bytes: &[u8]) -> io::Result<()> {
        self.turn += 1;
        if let Ok(at) = self.find(client) {
            let kept = &mut self.kept[at];
            kept.used = self.turn;
            match write_once(&kept.end, bytes) {
                // Its reader is gone, or has filled it for good (see Inbox's Drop). The same id may
                // have come back since, with another FIFO of the same name.
                Err(error) if error.kind() == BrokenPipe => {}
                Err(error) if error.kind() == WouldBlock && !self.is_there(at) => {}
                result => return result,
            }
            self.kept.remove(at);
        }
        let end = self.open(client)?;
        let inode = fifo::inode_of(&end.metadata()?);
        let written = write_once(&end, bytes);
        // One that is full is kept too: who floods and never reads costs no open for each request.
        if written.as_ref().is_err_and(|error| error.kind() != WouldBlock) {
            return written;
        }
        if self.kept.len() == KEPT_MAX {
            self.close_oldest();
        }
        if let Err(at) = self.find(client) {
            self.kept.insert(at, Kept { client, end, inode, used: self.turn });
        }
        written
    }

    /// Where the client's FIFO stands, or where it belongs.
    fn find(&self, client: i32) -> Result<usize, usize> {
        self.kept.binary_search_by_key(&client, |kept| kept.client)
    }

    /// Makes room; false if none is kept.
    fn close_oldest(&mut self) -> bool {
        let ages = self.kept.iter().enumerate().map(|(at, kept)| (kept.used, at));
        let oldest = ages.min().map(|(_, at)| self.kept.remove(at));
        oldest.is_some()
    }

    /// Whether a FIFO that is kept is still the one of its name.
    fn is_there(&self, at: usize) -> bool {
        let kept = &self.kept[at];
        let found = fifo::inode(&inbox::path(self.dir, kept.client));
        found.is_ok_and(|inode| inode == kept.inode)
    }

    /// Opens a client's FIFO; if there is no descriptor left, for the one unused for longest.
    fn open(&mut self, client: i32) -> io::Result<File> {
        inbox::write_path(&mut self.path, self.dir, client);
        match fifo::open_writer(Path::new(&self.path)) {
            Err(error) if is_out_of_descriptors(&error) && self.close_oldest() => {
                fifo::open_writer(Path::new(&self.path))
            }
            result => result,
        }
    }
}

fn is_out_of_descriptors(error: &io::Error) -> bool {
    matches!(error.raw_os_error().map(Errno::from_raw), Some(Errno::EMFILE | Errno::ENFILE))
}

/// A pipe takes so few bytes whole or not at all.
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
    use common::ask::Ask;
    use common::reply::Status;
    use common::request::Request;
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
        let mut replies = ReplyFifos::new(dir.path());
        for nonce in 1..5 {
            let mut inbox = Inbox::create(dir.path(), 7).unwrap();
            for _ in 0..2 {
                replies.reply(7, &reply(nonce));
                assert_eq!(received(&mut inbox), reply(nonce));
            }
            assert_eq!(replies.kept.len(), 1);
        }
        assert_eq!(replies.lost, 0);
    }

    #[test]
    fn a_closed_fifo_takes_no_reply_even_if_a_forked_child_still_holds_it() {
        let dir = tempfile::tempdir().unwrap();
        let mut replies = ReplyFifos::new(dir.path());
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
    fn a_reply_to_nobody_is_lost_and_waited_for_by_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let mut replies = ReplyFifos::new(dir.path());
        assert_eq!(lost(&mut replies, 7), 1, "no FIFO");
        let inbox = Inbox::create(dir.path(), 7).unwrap();
        assert_eq!(lost(&mut replies, 7), 0);
        drop(inbox);
        assert_eq!(lost(&mut replies, 7), 1, "no FIFO any more");
        let _unread = fifo::Fifo::create(inbox::path(dir.path(), 7)).unwrap();
        assert_eq!(lost(&mut replies, 7), 1, "no reader");
        assert!(replies.kept.is_empty());
        let _inbox = Inbox::create(dir.path(), 8).unwrap();
        let sent = (0..9999).take_while(|_| lost(&mut replies, 8) == 0).count();
        assert_eq!(sent, 8192, "until 256 KiB stand there unread");
    }

    #[test]
    fn the_client_not_heard_of_for_longest_makes_room() {
        let dir = tempfile::tempdir().unwrap();
        let mut replies = ReplyFifos::new(dir.path());
        let _first = Inbox::create(dir.path(), 1).unwrap();
        for client in 2..=KEPT_MAX as i32 + 10 {
            let _inbox = Inbox::create(dir.path(), client).unwrap();
            for client in [client, 1] {
                replies.reply(client, &reply(1));
                assert!(replies.find(client).is_ok());
            }
        }
        assert_eq!((replies.lost, replies.kept.len()), (0, KEPT_MAX));
        let clients = replies.kept.iter().map(|kept| kept.client);
        assert!(clients.eq([1].into_iter().chain(12..=KEPT_MAX as i32 + 10)));
    }
}
