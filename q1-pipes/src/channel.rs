//! Named pipes: two for requests, one for each class, and one for the replies to each client.
//!
//! One pipe for all replies would not do. A pipe gives its bytes to any process that reads, so a client
//! would take the replies of the others.

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::Instant;

use anyhow::Context;
use common::protocol::record::MAGIC;
use common::protocol::request::Request;
use common::server::leftovers;
use common::server::lock::Lock;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use zerocopy::{FromZeros, IntoBytes};

use crate::armour::request_fifo::RequestFifo;

/// The class of a request: it decides the FIFO.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestClass {
    /// LIST and VIEW.
    Consultation,
    /// RESERVE.
    Reservation,
}

impl RequestClass {
    /// Name of the FIFO in DIR.
    pub fn file_name(self) -> &'static str {
        match self {
            RequestClass::Consultation => "consult.fifo",
            RequestClass::Reservation => "reserve.fifo",
        }
    }
}

/// What there was to receive.
#[derive(Debug)]
pub enum Incoming {
    /// A request, legal or not; its client can be answered.
    Request(Request),
    /// Nothing, and the worker does not wait any more.
    Nothing,
    /// The stop record: the server stops.
    Closed,
}

/// The request FIFOs of a server.
#[derive(Debug)]
pub struct Channel {
    /// LIST and VIEW.
    pub consultation: RequestFifo,
    /// RESERVE.
    pub reservation: RequestFifo,
    /// The last record of each FIFO. Drawn at random before the forks, so that only this server's
    /// processes know it.
    stop: Request,
    /// Requests that were dropped: a client below 1 cannot be answered.
    anonymous: u64,
}

impl Channel {
    /// Removes what a dead server and dead clients left in DIR, then makes the request FIFOs.
    ///
    /// # Errors
    /// Says which FIFO cannot be made.
    pub fn create(dir: &Path, lock: &mut Lock) -> anyhow::Result<Channel> {
        leftovers::remove(dir, lock)?;
        let create = |class: RequestClass| {
            let path = dir.join(class.file_name());
            RequestFifo::create(path.clone())
                .with_context(|| format!("cannot make {}", path.display()))
        };
        Ok(Channel {
            consultation: create(RequestClass::Consultation)?,
            reservation: create(RequestClass::Reservation)?,
            stop: stop_record().context("cannot draw the stop record")?,
            anonymous: 0,
        })
    }

    /// The next request of `class`, in the order in which they were sent.
    ///
    /// # Errors
    /// Those of the pipe. See read(2).
    pub fn receive(&mut self, class: RequestClass) -> io::Result<Incoming> {
        loop {
            if let Some(incoming) = self.take(class) {
                return Ok(incoming);
            }
            match self.fifo(class).fill() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(Incoming::Nothing);
                }
                result => result?,
            }
        }
    }

    /// Fills `batch` with the waiting requests of `class`, 64 at most; waits only for the first.
    /// Returns false at the stop record.
    ///
    /// # Errors
    /// As [`Channel::receive`].
    pub fn receive_batch(
        &mut self,
        class: RequestClass,
        batch: &mut Vec<Request>,
    ) -> io::Result<bool> {
        batch.clear();
        loop {
            match self.take(class) {
                Some(Incoming::Request(request)) => batch.push(request),
                None if batch.is_empty() => self.fifo(class).fill()?,
                None | Some(Incoming::Nothing) => return Ok(true),
                // The batch is answered first; the next call returns false.
                Some(Incoming::Closed) => return Ok(!batch.is_empty()),
            }
        }
    }

    /// Requests that were dropped because they named no client.
    pub fn anonymous(&self) -> u64 {
        self.anonymous
    }

    /// Removes both FIFOs and writes a stop record into each, at which its worker leaves. A worker
    /// that a flood keeps from it leaves a little later.
    ///
    /// The end of file is no stop signal. It comes when the last writer has closed, and a client at
    /// its menu keeps the FIFO open for hours.
    ///
    /// # Errors
    /// If a FIFO cannot be removed or written. See fifo(7).
    pub fn close(&mut self, deadline: Instant) -> io::Result<()> {
        // What was taken is answered, whatever becomes of the names.
        let removed = self.consultation.fifo.remove().and(self.reservation.fifo.remove());
        self.consultation.grace_period.ask()?;
        self.reservation.grace_period.ask()?;
        let mut open = vec![&self.consultation.spare, &self.reservation.spare];
        loop {
            let mut full = Vec::new();
            for mut end in open {
                match end.write(self.stop.as_bytes()) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => full.push(end),
                    // The worker has ended already.
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
                    result => result.map(drop)?,
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if full.is_empty() || left.is_zero() {
                return removed;
            }
            let mut ends: Vec<PollFd> =
                full.iter().map(|end| PollFd::new(end.as_fd(), PollFlags::POLLOUT)).collect();
            let milliseconds = left.as_micros().div_ceil(1000);
            match poll(&mut ends, PollTimeout::try_from(milliseconds).unwrap_or(PollTimeout::MAX)) {
                Ok(_) | Err(Errno::EINTR) => open = full,
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    /// The FIFO of `class`.
    pub fn fifo(&mut self, class: RequestClass) -> &mut RequestFifo {
        match class {
            RequestClass::Consultation => &mut self.consultation,
            RequestClass::Reservation => &mut self.reservation,
        }
    }

    /// The next request among the bytes that were read already.
    fn take(&mut self, class: RequestClass) -> Option<Incoming> {
        let stop = self.stop;
        loop {
            let fifo = self.fifo(class);
            if fifo.closed {
                return Some(Incoming::Closed);
            }
            let request = fifo.take()?;
            if request == stop {
                fifo.closed = true;
            } else if request.is_anonymous() {
                self.anonymous += 1;
            } else {
                return Some(Incoming::Request(request));
            }
        }
    }
}

/// A record that no client sends, and that no garbage before it can hide.
///
/// After the magic all its bytes are 0x80 or more: none is 0 or in the magic. A broken record that
/// overlaps it has a wrong `reserved` field, so the resynchronisation skips that one.
fn stop_record() -> io::Result<Request> {
    let mut record = Request::new_zeroed();
    getrandom::fill(record.as_mut_bytes())?;
    record.as_mut_bytes().iter_mut().for_each(|byte| *byte |= 0x80);
    record.magic = MAGIC;
    Ok(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::armour::resync::Stream;
    use common::client::ask::Ask;
    use common::protocol::request::REQUEST_SIZE;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nothing_before_it_hides_the_stop_record(
            noise in prop::collection::vec(prop_oneof![Just(0), Just(b'S'), any::<u8>()], 0..40),
            len in 0..REQUEST_SIZE,
        ) {
            let stop = stop_record().unwrap();
            let request = Request::new(7, 9, Ask::View { show: 3 });
            let garbage = [&noise, &request.as_bytes()[..len], &MAGIC[..noise.len() % 5]].concat();
            let mut stream = Stream::<Request>::new(999);
            stream.free_space()[..garbage.len()].copy_from_slice(&garbage);
            stream.filled(garbage.len());
            stream.free_space()[..REQUEST_SIZE].copy_from_slice(stop.as_bytes());
            stream.filled(REQUEST_SIZE);
            prop_assert!(std::iter::from_fn(|| stream.take()).any(|request| request == stop));
        }
    }
}
