//! One request FIFO as the server holds it: the end that a worker reads, and a spare end that
//! writes.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::time::Instant;

use common::office::BATCH_MAX;
use common::request::{REQUEST_SIZE, Request};
use nix::fcntl::{FcntlArg, fcntl};

use crate::armour::grace_period::GracePeriod;
use crate::armour::resync::Stream;
use crate::fifo::{self, Fifo};

/// Bytes a worker asks for at once: a batch.
const ROOM: usize = BATCH_MAX * REQUEST_SIZE;

/// Bytes of requests that can wait: 512, as in a message queue of the usual size.
///
/// A pipe has room for 2048. Whoever floods it makes everybody wait behind all of them, so a long
/// line serves nobody; a writer that finds it full waits as well, and has its turn.
const WAITING_MAX: i32 = 16 * 1024;

/// The FIFO of one place.
#[derive(Debug)]
pub struct RequestFifo {
    /// Its name.
    pub fifo: Fifo,
    /// A second end that writes: for the stop record, and against the end of file that a worker
    /// would read whenever the last client leaves. An end that reads and writes would do that too,
    /// but it would count as a reader, and clients would write to a dead worker.
    pub spare: File,
    reader: Option<File>,
    stream: Stream<Request>,
    grace_period: GracePeriod,
    /// Set while the worker refuses what comes too late.
    late_until: Option<Instant>,
    /// The worker has read the stop record, or cannot wait for it any more.
    pub closed: bool,
}

impl RequestFifo {
    /// Makes the FIFO and opens both ends.
    ///
    /// # Errors
    /// As [`Fifo::create`]. See fifo(7).
    pub fn create(path: PathBuf) -> io::Result<RequestFifo> {
        let fifo = Fifo::create(path)?;
        let reader = fifo::open_reader(fifo.path())?;
        fcntl(&reader, FcntlArg::F_SETPIPE_SZ(WAITING_MAX))?;
        let spare = fifo::open_writer(fifo.path())?;
        fifo::set_nonblocking(&reader, false)?;
        Ok(RequestFifo {
            fifo,
            spare,
            reader: Some(reader),
            stream: Stream::new(ROOM),
            grace_period: GracePeriod::default(),
            late_until: None,
            closed: false,
        })
    }

    /// Closes the end that reads, in the processes that do not read it: a client must see the death
    /// of the one that does.
    pub fn close_reader(&mut self) {
        self.reader = None;
    }

    /// The next request among the bytes that were read already.
    pub fn take(&mut self) -> Option<Request> {
        self.stream.take()
    }

    /// Reads once, up to 64 requests.
    ///
    /// # Errors
    /// EAGAIN (`WouldBlock`) if the FIFO is empty and [`RequestFifo::stop_waiting`] was called. See
    /// read(2).
    pub fn fill(&mut self) -> io::Result<()> {
        let mut reader = self.reader.as_ref().ok_or(io::ErrorKind::BrokenPipe)?;
        let room = self.stream.room();
        let asked = room.len();
        let len = loop {
            match reader.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // No writer is left; but the spare end is one.
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                result => break result?,
            }
        };
        self.stream.filled(len);
        // The bytes may hold no request at all, so this is the place that a flood cannot pass by.
        self.closed = match self.late_until {
            Some(deadline) => Instant::now() >= deadline,
            None => len == asked && self.grace_period.is_over()?,
        };
        Ok(())
    }

    /// From now on an empty FIFO is reported, not waited at, and what comes is only refused, until
    /// `deadline`.
    ///
    /// # Errors
    /// None that can happen. See fcntl(2).
    pub fn stop_waiting(&mut self, deadline: Instant) -> io::Result<()> {
        self.closed = false;
        self.late_until = Some(deadline);
        self.reader.as_ref().map_or(Ok(()), |reader| fifo::set_nonblocking(reader, true))
    }

    /// Bytes that belonged to no request.
    pub fn skipped(&self) -> u64 {
        self.stream.skipped()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::ask::Ask;
    use std::io::Write;
    use std::time::Duration;
    use zerocopy::IntoBytes;

    #[test]
    fn what_comes_too_late_is_taken_until_the_deadline_only() {
        let dir = tempfile::tempdir().unwrap();
        let mut fifo = RequestFifo::create(dir.path().join("fifo")).unwrap();
        let request = Request::new(7, 1, Ask::List);
        let send = |fifo: &mut RequestFifo| fifo.spare.write_all(request.as_bytes()).unwrap();
        fifo.stop_waiting(Instant::now() + Duration::from_secs(60)).unwrap();
        assert_eq!(fifo.fill().unwrap_err().kind(), io::ErrorKind::WouldBlock);
        send(&mut fifo);
        fifo.fill().unwrap();
        assert_eq!((fifo.take(), fifo.closed), (Some(request), false));
        fifo.stop_waiting(Instant::now()).unwrap();
        send(&mut fifo);
        fifo.fill().unwrap();
        assert!(fifo.closed);
    }
}
