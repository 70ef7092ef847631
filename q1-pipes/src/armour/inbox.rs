//! A client's own FIFO, where the replies to it arrive.
//!
//! Stops: `q1_pipes::a_client_is_answered_whose_fifo_others_have_filled`.

use std::fmt::Write;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use common::protocol::reply::{REPLY_MAX, Reply};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::armour::resync::{Found, Record, Stream};
use crate::fifo::{self, Fifo};

/// Bytes of replies that can wait, four times the usual. Somebody who asks in a client's name must
/// not be able to fill its FIFO between the client's question and its read.
const CAPACITY: i32 = 256 * 1024;

/// Bytes of the longest name.
pub(crate) const NAME_MAX: usize = "reply.-2147483648.fifo".len();

/// Name of the FIFO in DIR for the replies to a client.
pub fn name(client: i32) -> String {
    let mut name = String::with_capacity(NAME_MAX);
    write_name(&mut name, client);
    name
}

/// Writes the name over another; allocates nothing if there is room for [`NAME_MAX`] bytes.
pub(crate) fn write_name(name: &mut String, client: i32) {
    name.clear();
    write!(name, "reply.{client}.fifo").expect("text has no end");
}

/// The FIFO in `dir` for the replies to a client.
pub fn path(dir: &Path, client: i32) -> PathBuf {
    dir.join(name(client))
}

/// The client whose FIFO has this name, if it is such a name.
pub fn client(file_name: &str) -> Option<i32> {
    let client = file_name.strip_prefix("reply.")?.strip_suffix(".fifo")?.parse().ok()?;
    (name(client) == file_name).then_some(client)
}

/// The FIFO, made for a session and removed after it.
#[derive(Debug)]
pub struct Inbox {
    fifo: Fifo,
    reader: File,
    /// Our own end that writes. Without it a read would return 0 (end of file) until a worker has
    /// opened the FIFO.
    writer: File,
    stream: Stream<Reply>,
}

impl Inbox {
    /// Makes the FIFO and opens it, so that a worker finds a reader there whenever it replies.
    ///
    /// # Errors
    /// As [`Fifo::create`]. See fifo(7).
    pub fn create(dir: &Path, client: i32) -> io::Result<Inbox> {
        let fifo = Fifo::create(path(dir, client))?;
        let reader = fifo.open_reader()?;
        if let Err(errno) = fcntl(&reader, FcntlArg::F_SETPIPE_SZ(CAPACITY)) {
            // The usual size serves as well, except beside somebody who asks in our name.
            tracing::debug!("cannot enlarge {}: {errno}", fifo.path().display());
        }
        let writer = fifo.open_writer()?;
        fifo::set_nonblocking(&reader, false)?;
        Ok(Inbox { fifo, reader, writer, stream: Stream::new(2 * REPLY_MAX) })
    }

    /// Where it is.
    pub fn path(&self) -> PathBuf {
        self.fifo.path().to_owned()
    }

    /// Receives the next reply; false if something else came.
    ///
    /// # Errors
    /// EINTR. See read(2).
    pub fn receive(&mut self, reply: &mut Reply) -> io::Result<bool> {
        if self.take(reply) {
            return Ok(true);
        }
        let len = (&self.reader).read(self.stream.free_space())?;
        self.stream.filled(len);
        Ok(self.take(reply))
    }

    /// Throws away what has come already; never waits. To be called before a question: what has come
    /// by then answers nothing, and the FIFO may be too full for the answer.
    ///
    /// # Errors
    /// None that can happen. See poll(2), read(2).
    pub fn drain(&mut self) -> io::Result<()> {
        // Bounded, because others may go on writing: twice what the FIFO holds.
        for _ in 0..CAPACITY as usize / REPLY_MAX {
            while self.stream.take_bytes().is_some() {}
            let mut ends = [PollFd::new(self.reader.as_fd(), PollFlags::POLLIN)];
            match poll(&mut ends, PollTimeout::ZERO) {
                Ok(0) => break,
                // Even a poll that does not wait may be interrupted by the client's timer.
                Err(Errno::EINTR) => continue,
                ready => ready?,
            };
            match (&self.reader).read(self.stream.free_space()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                len => self.stream.filled(len?),
            }
        }
        Ok(())
    }

    fn take(&mut self, reply: &mut Reply) -> bool {
        self.stream.take_bytes().is_some_and(|bytes| reply.receive(bytes))
    }
}

impl Record for Reply {
    fn find(bytes: &[u8]) -> Found {
        let Some(header) = bytes.first_chunk() else { return Found::Incomplete };
        let Some(len) = Reply::announced_size(header) else { return Found::Garbage };
        let Some(bytes) = bytes.get(..len) else { return Found::Incomplete };
        if Reply::is_one(bytes) { Found::Whole(len) } else { Found::Garbage }
    }

    fn read(bytes: &[u8]) -> Option<Reply> {
        Reply::from_received(bytes)
    }
}

/// Fills the FIFO, so that nothing more can be written to it.
///
/// Closing it is not enough. While another thread of ours starts a program, the forked child holds
/// our ends too, until it execs. A worker that has this FIFO open would go on writing into it, while
/// this thread's next client waits at its new FIFO.
impl Drop for Inbox {
    fn drop(&mut self) {
        let filled = fifo::set_nonblocking(&self.writer, true)
            .and_then(|()| io::copy(&mut io::repeat(0), &mut self.writer));
        if let Err(error) = filled
            && error.kind() != io::ErrorKind::WouldBlock
        {
            tracing::warn!("cannot fill {}: {error}", self.fifo.path().display());
        }
    }
}

impl AsFd for Inbox {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::client::ask::Ask;
    use common::protocol::reply::Status;
    use common::protocol::request::Request;
    use std::io::Write;

    #[test]
    fn a_name_is_read_as_it_was_written_and_nothing_else_is_one() {
        assert_eq!(client(&name(4242)), Some(4242));
        for other in
            ["reply.fifo", "reply..fifo", "reply.1.fifo~", "reply.+1.fifo", "reply.01.fifo", "1"]
        {
            assert_eq!(client(other), None, "{other:?}");
        }
    }

    #[test]
    fn replies_come_one_by_one_whatever_came_before_them() {
        let dir = tempfile::tempdir().unwrap();
        let mut inbox = Inbox::create(dir.path(), 7).unwrap();
        let mut writer = fifo::open_writer(&inbox.path()).unwrap();
        let replies = [1, 2]
            .map(|nonce| Reply::new(&Request::new(7, nonce, Ask::List), Status::Ok, 42))
            .map(|reply| Reply { count: 10.into(), ..reply });
        writer.write_all(b"SPC1 garbage that runs on for more than thirty-two bytes").unwrap();
        let mut reply = Reply::default();
        assert!(!inbox.receive(&mut reply).unwrap());
        writer.write_all(&[replies[0].bytes(), replies[1].bytes()].concat()).unwrap();
        for sent in replies {
            assert!(inbox.receive(&mut reply).unwrap());
            assert_eq!(reply, sent);
        }
    }
}
