//! A client's ends of the channel: it writes into the two request FIFOs and reads its own.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::path::Path;

use anyhow::{Context, anyhow};
use common::directory;
use common::exit::plain;
use common::hint;
use common::lock;
use common::reply::Reply;
use common::request::Request;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use zerocopy::IntoBytes;

use crate::PACKAGE;
use crate::armour::inbox::Inbox;
use crate::channel::RequestClass;
use crate::fifo;

/// The ends of one client.
#[derive(Debug)]
pub struct Connection {
    consultation: File,
    reservation: File,
    inbox: Inbox,
}

impl Connection {
    /// Makes the FIFO of `client`, then finds the request FIFOs of the server in `dir`.
    ///
    /// # Errors
    /// If no server runs there: says how to start one.
    pub fn open(dir: &Path, client: i32) -> anyhow::Result<Connection> {
        let explain = |path: &Path, error: &io::Error| {
            let holder = lock::holder(dir).unwrap_or_default();
            let hint = hint::no_server(error, dir, holder.as_ref(), PACKAGE);
            anyhow!("cannot open {}: {}{hint}", path.display(), plain(error))
        };
        if let Err(error) = dir.metadata() {
            return Err(explain(dir, &error));
        }
        directory::check(dir)?;
        let inbox = Inbox::create(dir, client)
            .with_context(|| format!("cannot make a FIFO in {}", dir.display()))?;
        let find = |class: RequestClass| {
            let path = dir.join(class.file_name());
            let writer = fifo::open_writer(&path).map_err(|error| explain(&path, &error))?;
            fifo::set_nonblocking(&writer, false).context("cannot set a FIFO's mode")?;
            anyhow::Ok(writer)
        };
        Ok(Connection {
            consultation: find(RequestClass::Consultation)?,
            reservation: find(RequestClass::Reservation)?,
            inbox,
        })
    }

    /// Sends a request to its place in one write, which no other client's can tear.
    ///
    /// # Errors
    /// EINTR, EPIPE if the server is gone. See pipe(7).
    pub fn send(&self, class: RequestClass, request: &Request) -> io::Result<()> {
        self.writer(class).write(request.as_bytes()).map(drop)
    }

    /// Throws away the replies that have come already.
    ///
    /// # Errors
    /// None that can happen. See poll(2), read(2).
    pub fn drain(&mut self) -> io::Result<()> {
        self.inbox.drain()
    }

    /// Receives the next reply; false if something else came.
    ///
    /// # Errors
    /// EINTR. See read(2).
    pub fn receive(&mut self, reply: &mut Reply) -> io::Result<bool> {
        self.inbox.receive(reply)
    }

    /// Whether the worker at `class` is gone, and no reply of it waits to be read.
    ///
    /// # Errors
    /// None that can happen. See poll(2).
    pub fn is_over(&self, class: RequestClass) -> io::Result<bool> {
        // In this order: what a worker wrote before it ended is there when its end shows.
        let mut ends = [
            PollFd::new(self.writer(class).as_fd(), PollFlags::empty()),
            PollFd::new(self.inbox.as_fd(), PollFlags::POLLIN),
        ];
        match poll(&mut ends, PollTimeout::ZERO) {
            Ok(_) => {}
            Err(Errno::EINTR) => return Ok(false),
            Err(errno) => return Err(errno.into()),
        }
        let [gone, waiting] = ends.map(|end| end.revents().unwrap_or(PollFlags::empty()));
        Ok(gone.contains(PollFlags::POLLERR) && !waiting.contains(PollFlags::POLLIN))
    }

    fn writer(&self, class: RequestClass) -> &File {
        match class {
            RequestClass::Consultation => &self.consultation,
            RequestClass::Reservation => &self.reservation,
        }
    }
}
