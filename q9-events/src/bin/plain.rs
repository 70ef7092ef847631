//! One thread for all connections: it waits until some of them are ready, and serves those.
//!
//! Right with honest clients only. It does not survive (in bash; `A` is `/dev/tcp/127.0.0.1/5009`):
//! - `perl -e 'print "SPC1", pack("lql4", 7, 0, 1, 0, 0, 0) for 1..9**6; sleep 999' > $A`, one who
//!   never reads: the only thread sleeps in `write`, and nobody is served. See `src/channel.rs`.
//! - A slow disk: the only thread waits for it, and who only looks waits too. See
//!   `src/committer.rs`.
//! - `(printf SPC1; sleep 999) > $A`, half a request, or none: the connection stays for ever. See
//!   `src/armour/timers.rs`.
//! - `ulimit -n 20` before its start, then `for i in {1..20}; do sleep 9 > $A & done`: `accept` has
//!   no descriptor, and the server ends. See `src/armour/acceptor.rs`, and `room.rs` for
//!   `--max-connections`, which has no effect here.
//! - 4096 clients that connect at once: the kernel keeps 128 for std. See `acceptor.rs` too.
//! - `head -c 3200 /dev/zero > $A`: told 100 times that this is no request, as in question 5.
//! - SIGTERM while many reserve: some get no answer. See `src/armour/ending.rs`.
//!
//! `kill -9` leaves nothing behind: the kernel closes the sockets.

use std::collections::HashMap;
use std::io::{ErrorKind, Read, Result as IoResult, Write};
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
    let watch = |fd: BorrowedFd<'_>| {
        epoll.add(fd, EpollEvent::new(EpollFlags::EPOLLIN, fd.as_raw_fd() as u64))
    };
    watch(signals.as_fd())?;
    listeners.iter().try_for_each(|listener| watch(listener.as_fd()))?;
    start::ready_line(PACKAGE, address)?.print()?;

    let (mut clients, mut is_over) = (HashMap::new(), false);
    let mut events = [EpollEvent::empty(); BATCH_MAX];
    while !is_over {
        let ready = match epoll.wait(&mut events, EpollTimeout::NONE) {
            Err(Errno::EINTR) => 0,
            ready => ready?,
        };
        // One request of each connection that is ready: so its replies leave in their order.
        let mut asked = Vec::new();
        for event in &events[..ready] {
            let fd = event.data() as i32;
            if let Some(listener) = listeners.iter().find(|socket| socket.as_raw_fd() == fd) {
                let (stream, _) = listener.accept().context("cannot accept a connection")?;
                watch(stream.as_fd())?;
                clients.insert(stream.as_raw_fd(), Client { stream, bytes: [0; _], len: 0 });
            } else if let Some(client) = clients.get_mut(&fd) {
                match client.receive() {
                    Ok(Some(request)) => asked.push((fd, request)),
                    Ok(None) => {} // The rest of it is a later event.
                    Err(_) => drop(clients.remove(&fd)),
                }
            } else {
                is_over |= signals.wait(Duration::ZERO)?.is_some();
            }
        }
        answer(&mut office, &clients, &asked)?;
    }
    Ok(0)
}

/// Answers the requests of a turn. Its reservations are one batch, with one sync.
fn answer(
    office: &mut Office,
    clients: &HashMap<i32, Client>,
    asked: &[(i32, Request)],
) -> Result<()> {
    let (server, mut reply) = (std::process::id() as i32, Reply::default());
    // A client that is gone costs nobody anything; the next read tells.
    let send = |fd: i32, reply: &Reply| drop((&clients[&fd].stream).write_all(reply.bytes()));
    let is_reserve = |(_, request): &&(i32, Request)| request.kind() == Some(Kind::Reserve);
    for (fd, request) in asked.iter().filter(|asked| !is_reserve(asked)) {
        // Nothing is in the table yet that is not durable, so this need not wait for the disk.
        office.table().answer(request, server, &mut reply);
        send(*fd, &reply);
        log::answered(request, &reply);
    }
    let batch: Vec<(i32, Request)> = asked.iter().filter(is_reserve).copied().collect();
    let requests: Vec<Request> = batch.iter().map(|&(_, request)| request).collect();
    let mut outcomes = Vec::new();
    // Decides, makes it durable; replies come after that. If it is not durable, the outcomes are
    // UNAVAILABLE and the table as before.
    let written = office.decide(&requests, &mut outcomes);
    log::answered_batch(&requests, &outcomes);
    for ((fd, request), &outcome) in batch.iter().zip(&outcomes) {
        reply.tell(request, outcome, server);
        send(*fd, &reply);
    }
    written.context("cannot make reservations durable")
}

impl Client {
    /// Receives what there is; a request, if it is whole now.
    fn receive(&mut self) -> IoResult<Option<Request>> {
        let size = self.stream.read(&mut self.bytes[self.len..])?;
        if size == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.len = (self.len + size) % REQUEST_SIZE;
        // A connection has no types and no places: the request says what it is.
        Ok((self.len == 0).then(|| Request::from_received(&self.bytes)))
    }
}
