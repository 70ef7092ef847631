//! One thread for all connections: what q5's threads are measured against.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::fd::AsFd;

use anyhow::Context;
use common::protocol::reply::REPLY_MAX;
use common::protocol::request::REQUEST_SIZE;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use crate::baseline::{sockets, wire};

/// Connections that are told ready by one call, at most.
const EVENTS: usize = 64;

/// Waits for any connection, reads its request, writes the reply.
///
/// # Errors
/// Of the calls.
pub fn serve() -> anyhow::Result<()> {
    let listener = sockets::listen()?;
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).context("cannot make an epoll")?;
    let add = |socket: &dyn AsFd, number: u64| {
        let event = EpollEvent::new(EpollFlags::EPOLLIN, number);
        epoll.add(socket.as_fd(), event).context("cannot watch a socket")
    };
    // Number 0 is the listener, connection n stands at n - 1.
    add(&listener, 0)?;
    let mut streams: Vec<Option<TcpStream>> = Vec::new();
    let mut events = [EpollEvent::empty(); EVENTS];
    loop {
        let ready = match epoll.wait(&mut events, EpollTimeout::NONE) {
            Err(Errno::EINTR) => 0,
            result => result.context("cannot wait for a socket")?,
        };
        for event in &events[..ready] {
            let Some(at) = (event.data() as usize).checked_sub(1) else {
                let (stream, _) = listener.accept().context("cannot accept a connection")?;
                stream.set_nodelay(true).context("cannot set TCP_NODELAY")?;
                add(&stream, streams.len() as u64 + 1)?;
                streams.push(Some(stream));
                continue;
            };
            let is_open = streams[at].as_mut().is_some_and(answer);
            if !is_open {
                // Closing it takes it out of the epoll too.
                streams[at] = None;
            }
        }
    }
}

/// One request; whether the connection stays open. A client sends its 32 bytes by one call.
fn answer(stream: &mut TcpStream) -> bool {
    let mut request = [0; REQUEST_SIZE];
    let reply = [0; REPLY_MAX];
    stream.read_exact(&mut request).is_ok()
        && stream.write_all(&reply[..wire::reply_size(&request)]).is_ok()
}
