//! One thread for all connections: it waits until some of them are ready, and serves those.
//!
//! Right with honest clients only. It does not survive (in bash; `A` is `/dev/tcp/127.0.0.1/5009`):
//! - `perl -e 'print "SPC1", pack("lql4", 7, 0, 1, 0, 0, 0) for 1..9**6; sleep 999' > $A`, one who
//!   never reads: the only thread sleeps in `write`, and nobody is served. See `src/channel.rs`.
//! - A slow disk: who only looks waits for it too. See `src/committer.rs`.
//! - `(printf SPC1; sleep 999) > $A`: the connection stays for ever. See `src/armour/timers.rs`.
//! - `ulimit -n 20` before its start, then `for i in {1..20}; do sleep 9 > $A & done`: `accept` has
//!   no descriptor, and the server ends. Or thousands at once: std has the kernel keep 128. See
//!   `src/armour/acceptor.rs`, and `room.rs` for `--max-connections`, which has no effect here.
//! - SIGTERM while many reserve: some get no answer. See `src/armour/ending.rs`.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use common::booking::office::Office;
use common::program::{exit, process, signals::inherit_nothing};
use common::protocol::reply::Reply;
use common::protocol::request::{Kind, REQUEST_SIZE, Request};
use common::server::log;
use common::server::start::{self, Start};
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use q9_events::{PACKAGE, options::ServerOptions};

const BATCH_MAX: usize = 256; // Events of one turn, and so its reservations, at most.

/// The connections, by descriptor: nothing is in flight when one is closed and its number free.
type Clients = HashMap<i32, Client>;

/// A connection, and the part of a request that has come on it.
struct Client {
    stream: TcpStream,
    bytes: [u8; REQUEST_SIZE],
    len: usize,
}

fn main() -> ExitCode {
    inherit_nothing();
    exit::report("server", run(&ServerOptions::parse()))
}

/// The only thread: waits until something can be read, reads it, answers, waits again.
fn run(options: &ServerOptions) -> Result<u8> {
    let Start { signals, lock: _lock, store, table } = start::open(&options.common, PACKAGE)?;
    process::name("q9 server")?;
    let mut office = Office::new(store, table);
    let bind =
        |address| TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"));
    let listeners = options.listen.iter().map(bind).collect::<Result<Vec<_>>>()?;
    let address = listeners[0].local_addr()?;
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    let event = |fd: BorrowedFd<'_>| EpollEvent::new(EpollFlags::EPOLLIN, fd.as_raw_fd() as u64);
    let watch = |fd: BorrowedFd<'_>| epoll.add(fd, event(fd));
    watch(signals.as_fd())?;
    listeners.iter().try_for_each(|listener| watch(listener.as_fd()))?;
    start::ready_line(PACKAGE, address)?.print()?;
    let (mut clients, mut is_over) = (Clients::new(), false);
    let mut events = [EpollEvent::empty(); BATCH_MAX];
    while !is_over {
        let ready = match epoll.wait(&mut events, EpollTimeout::NONE) {
            Err(Errno::EINTR) => 0,
            ready => ready?,
        };
        // One request of each connection that is ready: so its replies leave in their order.
        let mut asked = Vec::new();
        for fd in events[..ready].iter().map(|event| event.data() as i32) {
            if let Some(listener) = listeners.iter().find(|socket| socket.as_raw_fd() == fd) {
                let (stream, _) = listener.accept().context("cannot accept a connection")?;
                watch(stream.as_fd())?;
                clients.insert(stream.as_raw_fd(), Client { stream, bytes: [0; _], len: 0 });
            } else if let Some(client) = clients.get_mut(&fd) {
                match client.receive() {
                    Ok(request) => asked.extend(request.map(|request| (fd, request))),
                    Err(_) => drop(clients.remove(&fd)),
                }
            } else {
                is_over |= signals.wait(Duration::ZERO)?.is_some();
            }
        }
        answer(asked, &clients, &mut office)?;
    }
    Ok(0)
}

/// Answers the requests of a turn. Its reservations are one batch, with one sync.
fn answer(asked: Vec<(i32, Request)>, clients: &Clients, office: &mut Office) -> Result<()> {
    let (server, mut reply) = (std::process::id() as i32, Reply::default());
    // A connection has no types and no places: the request says what it is.
    let (batch, others): (Vec<_>, Vec<_>) =
        asked.into_iter().partition(|(_, request)| request.kind() == Some(Kind::Reserve));
    // The table shows nothing yet that is not durable, so these need not wait for the disk.
    for (fd, request) in others {
        office.table().answer(&request, server, &mut reply);
        // A client that is gone costs nobody anything; the next read tells.
        let _ = (&clients[&fd].stream).write_all(reply.bytes());
        log::answered(&request, &reply);
    }
    let (fds, batch): (Vec<i32>, Vec<Request>) = batch.into_iter().unzip();
    let mut outcomes = Vec::new();
    // If it is not durable, the outcomes are UNAVAILABLE and the table as before.
    let written = office.decide(&batch, &mut outcomes);
    log::answered_batch(&batch, &outcomes);
    for ((fd, request), outcome) in fds.into_iter().zip(&batch).zip(outcomes) {
        reply.tell(request, outcome, server);
        let _ = (&clients[&fd].stream).write_all(reply.bytes());
    }
    written.context("cannot make reservations durable")
}

impl Client {
    /// Receives what there is; a request, if it is whole now.
    fn receive(&mut self) -> io::Result<Option<Request>> {
        match self.stream.read(&mut self.bytes[self.len..]) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(size) => self.len += size,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        let is_whole = self.len == REQUEST_SIZE;
        self.len %= REQUEST_SIZE;
        Ok(is_whole.then(|| Request::from_received(&self.bytes)))
    }
}
