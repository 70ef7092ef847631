//! A client process that is a burden: others should hardly notice it.

use std::io::{ErrorKind, Read, Write, stdin};
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::path::Path;

use anyhow::{Context, ensure};
use common::protocol::reply::REPLY_MAX;
use common::protocol::request::REQUEST_SIZE;
use harness::address;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{setsockopt, sockopt};

use crate::clients::wire::Wire;
use crate::machine::descriptors;
use crate::results::beside::{Burden, SILENT};
use crate::results::group::Question;

/// How often the slow reader reads a reply.
const SLOW_MS: u16 = 10;
/// Its receive buffer: the smallest that there is, so that it is full soon.
const SLOW_BUFFER: usize = 1;
/// Requests that are sent by one call.
const REQUESTS: usize = 1024;
/// Bytes that a flood reads by one call.
const READ_SIZE: usize = 64 * 1024;

/// Says that it has begun, and goes on until its standard input ends.
///
/// # Errors
/// If no server listens there.
pub fn run(burden: Burden, dir: &Path) -> anyhow::Result<u8> {
    descriptors::raise_limit()?;
    ensure!(burden != Burden::Reservations, "a client with many connections does that");
    let silent: Vec<TcpStream> = match burden {
        Burden::Silent => (0..SILENT).map(|_| half_a_request(dir)).collect::<Result<_, _>>()?,
        _ => Vec::new(),
    };
    let mut is_ready = false;
    loop {
        let mut stream = Stream::open(dir, burden)?;
        loop {
            let is_open = burden == Burden::Silent || stream.step(burden);
            if !is_ready {
                println!("ready");
                is_ready = true;
            }
            if stream.wait(burden)? {
                drop(silent);
                return Ok(0);
            }
            if !is_open {
                // The server has had enough of it. It comes again.
                break;
            }
        }
    }
}

fn half_a_request(dir: &Path) -> anyhow::Result<TcpStream> {
    let mut stream = TcpStream::connect(address::of(dir)).context("cannot connect")?;
    let request = Wire::BoxOffice.request(Question::View, 1);
    stream.write_all(&request[..REQUEST_SIZE / 2]).context("cannot send half a request")?;
    Ok(stream)
}

/// A connection that sends requests one after the other, and where the next byte is.
struct Stream {
    stream: TcpStream,
    requests: Vec<u8>,
    n_sent: usize,
}

impl Stream {
    fn open(dir: &Path, burden: Burden) -> anyhow::Result<Stream> {
        let stream = TcpStream::connect(address::of(dir)).context("cannot connect")?;
        stream.set_nonblocking(true).context("cannot set O_NONBLOCK")?;
        let question = match burden {
            Burden::SlowReader => {
                setsockopt(&stream, sockopt::RcvBuf, &SLOW_BUFFER)
                    .context("cannot set a buffer")?;
                Question::List
            }
            _ => Question::View,
        };
        let requests = Wire::BoxOffice.request(question, 1).repeat(REQUESTS);
        Ok(Stream { stream, requests, n_sent: 0 })
    }

    /// Sends and reads what it can; whether the connection is still there.
    fn step(&mut self, burden: Burden) -> bool {
        let mut replies = [0; READ_SIZE];
        let size = if burden == Burden::SlowReader { REPLY_MAX } else { READ_SIZE };
        let has_read = match self.stream.read(&mut replies[..size]) {
            Ok(n_bytes) => n_bytes > 0,
            Err(error) => error.kind() == ErrorKind::WouldBlock,
        };
        let has_sent = match self.stream.write(&self.requests[self.n_sent..]) {
            Ok(n_bytes) => {
                self.n_sent = (self.n_sent + n_bytes) % self.requests.len();
                true
            }
            Err(error) => error.kind() == ErrorKind::WouldBlock,
        };
        has_read && has_sent
    }

    /// Waits until there is something to do; whether it is the end.
    fn wait(&self, burden: Burden) -> anyhow::Result<bool> {
        let input = stdin();
        let mut ends = vec![PollFd::new(input.as_fd(), PollFlags::POLLIN)];
        let timeout = match burden {
            Burden::SlowReader => SLOW_MS.into(),
            _ => PollTimeout::NONE,
        };
        if burden == Burden::Flood {
            let both = PollFlags::POLLIN | PollFlags::POLLOUT;
            ends.push(PollFd::new(self.stream.as_fd(), both));
        }
        poll(&mut ends, timeout).context("cannot wait")?;
        Ok(ends[0].any().unwrap_or(false))
    }
}
