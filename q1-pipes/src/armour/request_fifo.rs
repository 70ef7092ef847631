//! One request FIFO as the server holds it: the end that a worker reads, and a spare end that
//! writes.
//!
//! Stops: `q1_pipes_ending::the_death_of_the_server_is_seen_at_once`.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::time::Instant;

use common::booking::office::BATCH_MAX;
use common::protocol::request::{REQUEST_SIZE, Request};
use nix::fcntl::{FcntlArg, fcntl};

use crate::armour::grace_period::GracePeriod;
use crate::armour::resync::Stream;
use crate::fifo::{self, Fifo};

/// Bytes a worker asks for at once: a batch.
const BUFFER_SIZE: usize = BATCH_MAX * REQUEST_SIZE;

/// Bytes of requests that can wait, 512 requests, as in a message queue of the usual size.
///
/// A pipe usually holds 2048. With a flood everybody waits behind all of them, so a longer queue
/// helps nobody. A writer that finds the FIFO full waits until there is space.
const CAPACITY: i32 = 16 * 1024;

/// The FIFO of one class of requests.
#[derive(Debug)]
pub struct RequestFifo {
    /// Its name.
    pub fifo: Fifo,
    /// An end of our own that writes the stop record. Without it the worker would also read an end of
    /// file whenever the last client leaves. It does not read: an end that reads and writes counts
    /// as a reader, and clients would write to a dead worker.
    pub spare: File,
    reader: Option<File>,
    stream: Stream<Request>,
    /// How long a flood may delay the stop.
    pub grace_period: GracePeriod,
    /// Until when the worker refuses what comes after the stop record; None before that.
    late_until: Option<Instant>,
    /// Whether the worker has read the stop record, or has given up waiting for it.
    pub closed: bool,
}

impl RequestFifo {
    /// Makes the FIFO and opens both ends.
    ///
    /// # Errors
    /// As [`Fifo::create`]. See fifo(7).
    pub fn create(path: PathBuf) -> io::Result<RequestFifo> {
        let fifo = Fifo::create(path)?;
        let reader = fifo.open_reader()?;
        fcntl(&reader, FcntlArg::F_SETPIPE_SZ(CAPACITY))?;
        let spare = fifo.open_writer()?;
        fifo::set_nonblocking(&reader, false)?;
        Ok(RequestFifo {
            fifo,
            spare,
            reader: Some(reader),
            stream: Stream::new(BUFFER_SIZE),
            grace_period: GracePeriod::new()?,
            late_until: None,
            closed: false,
        })
    }

    /// Closes the end that reads, in a process that does not use it. Otherwise no client would see
    /// the death of the worker that does.
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
        let space = self.stream.free_space();
        let asked = space.len();
        let len = loop {
            match reader.read(space) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // End of file: no writer is left. The spare end is one, so this cannot happen.
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                result => break result?,
            }
        };
        self.stream.filled(len);
        // Here and not where requests are taken: a flood may hold no request at all.
        self.closed = match self.late_until {
            Some(deadline) => Instant::now() >= deadline,
            None if len == asked => {
                self.grace_period.start_if_asked()?;
                self.grace_period.is_over()
            }
            None => false,
        };
        Ok(())
    }

    /// From now on an empty FIFO is an error (`WouldBlock`) instead of a wait. The worker refuses
    /// what it still takes, until `deadline`.
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
    use common::client::ask::Ask;
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
