//! The pair of FIFOs between the dispatcher and a secondary server: the dispatcher sends a ping, and
//! the server answers with its port.
//!
//! The watchdog makes both, opens each for reading and writing, and the servers inherit them. So
//! neither end is ever missing, and a restarted server finds what the one before has not read.

use std::fs::File;
use std::io::{self, Read, Write};
use std::mem::size_of;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use common::protocol::record::MAGIC;
use q1_pipes::armour::resync::{Found, Record, Stream};
use q1_pipes::fifo::Fifo;
use zerocopy::little_endian::{I32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Bytes read at once: many more pings than wait unless somebody writes garbage.
const ROOM: usize = 1024;

/// A ping has port 0. Its answer is the same with the server's port.
///
/// It has 16 bytes, so each write is whole (PIPE_BUF). A reader finds the next ping after garbage.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
pub struct Ping {
    /// [`MAGIC`].
    pub magic: [u8; 4],
    /// The port of the server that answers; 0 in a ping.
    pub port: I32,
    /// The number of the ping, the same in its answer.
    pub sequence: U64,
}

const _: () = assert!(size_of::<Ping>() == 16);

impl Record for Ping {
    fn find(bytes: &[u8]) -> Found {
        if bytes.len() < size_of::<Ping>() {
            Found::Incomplete
        } else {
            Found::Whole(size_of::<Ping>())
        }
    }

    fn read(bytes: &[u8]) -> Option<Ping> {
        Ping::read_from_bytes(bytes).ok()
    }
}

/// The two FIFOs of one secondary server, with both ends open.
#[derive(Debug)]
pub struct Pair {
    _names: [Fifo; 2],
    /// From the dispatcher to the server.
    down: File,
    /// From the server to the dispatcher.
    up: File,
}

/// One side of a pair.
#[derive(Debug)]
pub struct End {
    incoming: File,
    outgoing: File,
    stream: Stream<Ping>,
}

impl Pair {
    /// Makes `dw.<name>.fifo` (dispatcher to worker) and `wd.<name>.fifo`, and opens them.
    ///
    /// # Errors
    /// EACCES, ENOSPC, EMFILE. See fifo(7).
    pub fn create(dir: &Path, name: &str) -> io::Result<Pair> {
        let make = |direction: &str| Fifo::create(dir.join(format!("{direction}.{name}.fifo")));
        let names = [make("dw")?, make("wd")?];
        let down = names[0].open_both()?;
        let up = names[1].open_both()?;
        Ok(Pair { _names: names, down, up })
    }

    /// The dispatcher's side.
    ///
    /// # Errors
    /// EMFILE. See dup(2).
    pub fn dispatcher(&self) -> io::Result<End> {
        End::new(&self.up, &self.down)
    }

    /// The secondary server's side.
    ///
    /// # Errors
    /// EMFILE. See dup(2).
    pub fn secondary(&self) -> io::Result<End> {
        End::new(&self.down, &self.up)
    }
}

impl End {
    fn new(incoming: &File, outgoing: &File) -> io::Result<End> {
        let stream = Stream::new(ROOM);
        Ok(End { incoming: incoming.try_clone()?, outgoing: outgoing.try_clone()?, stream })
    }

    /// Sends a ping, if there is room.
    ///
    /// # Errors
    /// EAGAIN. See fifo(7).
    pub fn send(&self, sequence: u64, port: u16) -> io::Result<()> {
        let ping = Ping { magic: MAGIC, port: I32::new(port.into()), sequence: U64::new(sequence) };
        (&self.outgoing).write(ping.as_bytes()).map(drop)
    }

    /// The next ping that has arrived, without waiting.
    ///
    /// # Errors
    /// None that can happen. See read(2).
    pub fn receive(&mut self) -> io::Result<Option<Ping>> {
        loop {
            if let Some(ping) = self.stream.take() {
                return Ok(Some(ping));
            }
            match self.incoming.read(self.stream.free_space()) {
                Ok(len) => self.stream.filled(len),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// For poll: what arrives at this end.
impl AsFd for End {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.incoming.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ping_and_its_answer_pass_through_garbage() {
        let dir = tempfile::tempdir().unwrap();
        let pair = Pair::create(dir.path(), "consult").unwrap();
        let (mut dispatcher, mut secondary) =
            (pair.dispatcher().unwrap(), pair.secondary().unwrap());
        assert_eq!(secondary.receive().unwrap(), None);
        (&pair.down).write_all(b"SPC").unwrap();
        dispatcher.send(7, 0).unwrap();
        (&pair.down).write_all(&[b'x'; 999]).unwrap();
        let ping = secondary.receive().unwrap().unwrap();
        assert_eq!((ping.sequence.get(), ping.port.get()), (7, 0));
        assert_eq!(secondary.receive().unwrap(), None);
        secondary.send(7, 4000).unwrap();
        let ping = dispatcher.receive().unwrap().unwrap();
        assert_eq!((ping.sequence.get(), ping.port.get()), (7, 4000));
    }

    #[test]
    fn a_full_fifo_makes_nobody_wait() {
        let dir = tempfile::tempdir().unwrap();
        let pair = Pair::create(dir.path(), "consult").unwrap();
        let end = pair.dispatcher().unwrap();
        let error = (0..).find_map(|n| end.send(n, 0).err()).unwrap();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    }
}
