//! One thread for all connections: what q5's threads are measured against.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::path::Path;

use anyhow::Context;
use common::protocol::reply::REPLY_MAX;
use common::protocol::request::REQUEST_SIZE;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use crate::baseline::disk::Disk;
use crate::baseline::{sockets, wire};

/// Connections that are told ready by one call, at most.
const EVENTS: usize = 64;
/// The same where they share a sync: it takes as long for many as for one.
const DURABLE_EVENTS: usize = 1024;

/// Waits for any connection, reads its request, writes the reply.
///
/// # Errors
/// Of the calls.
pub fn serve() -> anyhow::Result<()> {
    let mut server = EventLoop::new(EVENTS)?;
    loop {
        for event in 0..server.wait()? {
            if let Some(at) = server.take(event)? {
                let size = server.read(at);
                server.write(at, size);
            }
        }
    }
}

/// The same, and one sync for all reservations that one call has told; their replies leave after it.
///
/// # Errors
/// Of the calls.
pub fn serve_durably(dir: &Path) -> anyhow::Result<()> {
    let mut disk = Disk::open(dir)?;
    let mut server = EventLoop::new(DURABLE_EVENTS)?;
    let mut waiting = Vec::with_capacity(DURABLE_EVENTS);
    loop {
        for event in 0..server.wait()? {
            let Some(at) = server.take(event)? else { continue };
            let size = server.read(at);
            if wire::is_reservation(&server.request) {
                waiting.push((at, size));
            } else {
                server.write(at, size);
            }
        }
        if !waiting.is_empty() {
            disk.write_and_sync()?;
        }
        for (at, size) in waiting.drain(..) {
            server.write(at, size);
        }
    }
}

/// The listener, and the connections.
struct EventLoop {
    listener: TcpListener,
    epoll: Epoll,
    /// Number 0 is the listener, connection n stands at n - 1.
    streams: Vec<Option<TcpStream>>,
    events: Vec<EpollEvent>,
    /// The last request that was read.
    request: [u8; REQUEST_SIZE],
}

impl EventLoop {
    fn new(n_events: usize) -> anyhow::Result<EventLoop> {
        let listener = sockets::listen()?;
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).context("cannot make an epoll")?;
        let (streams, events) = (Vec::new(), vec![EpollEvent::empty(); n_events]);
        let server = EventLoop { listener, epoll, streams, events, request: [0; REQUEST_SIZE] };
        server.add(&server.listener, 0)?;
        Ok(server)
    }

    fn add(&self, socket: &impl AsFd, number: u64) -> anyhow::Result<()> {
        let event = EpollEvent::new(EpollFlags::EPOLLIN, number);
        self.epoll.add(socket, event).context("cannot watch a socket")
    }

    /// How many events there are.
    fn wait(&mut self) -> anyhow::Result<usize> {
        match self.epoll.wait(&mut self.events, EpollTimeout::NONE) {
            Err(Errno::EINTR) => Ok(0),
            result => result.context("cannot wait for a socket"),
        }
    }

    /// The connection that has something to read; None where an event is a new connection.
    fn take(&mut self, event: usize) -> anyhow::Result<Option<usize>> {
        if let Some(connection) = (self.events[event].data() as usize).checked_sub(1) {
            return Ok(Some(connection));
        }
        let (stream, _) = self.listener.accept().context("cannot accept a connection")?;
        stream.set_nodelay(true).context("cannot set TCP_NODELAY")?;
        self.add(&stream, self.streams.len() as u64 + 1)?;
        self.streams.push(Some(stream));
        Ok(None)
    }

    /// One request; how long its reply is, 0 if the connection has ended. A client sends its 32 bytes
    /// by one call.
    fn read(&mut self, at: usize) -> usize {
        self.request = [0; REQUEST_SIZE];
        let stream = self.streams[at].as_mut();
        if stream.is_some_and(|stream| stream.read_exact(&mut self.request).is_ok()) {
            return wire::reply_size(&self.request);
        }
        // Closing it takes it out of the epoll too.
        self.streams[at] = None;
        0
    }

    fn write(&mut self, at: usize, size: usize) {
        let Some(stream) = &mut self.streams[at] else { return };
        if stream.write_all(&[0; REPLY_MAX][..size]).is_err() {
            self.streams[at] = None;
        }
    }
}
