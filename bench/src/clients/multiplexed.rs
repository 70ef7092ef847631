//! Many connections in one client process: one request in flight on each, epoll tells which reply is
//! there.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use common::protocol::reply::REPLY_MAX;
use harness::address;
use hdrhistogram::Histogram;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use crate::clients::load::{self, is_over, record};
use crate::clients::order::{Done, Order};
use crate::clients::wire::Wire;
use crate::machine::{clock, usage};
use crate::results::group::Question;

/// Connections that are told ready by one call, at most.
const EVENTS: usize = 256;
/// Connections that are opened, and requests that are sent at the beginning, before a reply is read:
/// fewer than any server's listen queue has room for.
const TOGETHER: usize = 64;
/// Milliseconds without any reply after which a server counts as silent.
const SILENCE_MAX_MS: u16 = 20_000;
/// Shows of the table that requests are spread over.
const SHOWS: usize = 8;

/// All connections.
#[derive(Debug)]
pub struct Multiplexed {
    wire: Wire,
    epoll: Epoll,
    connections: Vec<Connection>,
    events: Vec<EpollEvent>,
}

/// One of them.
#[derive(Debug)]
struct Connection {
    stream: TcpStream,
    show: i32,
    /// What is asked in this trial.
    request: Vec<u8>,
    nonce: u64,
    /// Requests of this trial.
    asked: u64,
    sent_ns: u64,
    received: [u8; REPLY_MAX],
    n_received: usize,
}

/// What one trial has so far.
struct Trial {
    order: Order,
    histogram: Histogram<u64>,
    /// Connections that wait for a reply.
    in_flight: usize,
    last_ns: u64,
}

impl Multiplexed {
    /// Connects so often to the server of `dir`; each connection has been answered once.
    ///
    /// # Errors
    /// If no server listens there, or it has no room for all.
    pub fn open(wire: Wire, dir: &Path, count: usize) -> anyhow::Result<Multiplexed> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).context("cannot make an epoll")?;
        let address = address::of(dir);
        let mut connections: Vec<Connection> = Vec::with_capacity(count);
        while connections.len() < count {
            // The server has accepted a connection when it has answered. Only then the next ones
            // come, and no listen queue overflows.
            let (first, last) = (connections.len(), (connections.len() + TOGETHER).min(count));
            for number in first..last {
                let opened = Connection::open(wire, dir, &address, number);
                let opened = opened.with_context(|| format!("connection {number} of {count}"))?;
                let event = EpollEvent::new(EpollFlags::EPOLLIN, number as u64);
                epoll.add(&opened.stream, event).context("cannot watch a connection")?;
                connections.push(opened);
            }
            for (at, opened) in connections[first..].iter_mut().enumerate() {
                let answered = opened.wait(wire, Question::View);
                answered.with_context(|| format!("connection {} of {count}", first + at))?;
            }
        }
        Ok(Multiplexed { wire, epoll, connections, events: vec![EpollEvent::empty(); EVENTS] })
    }

    /// Does what the order says, on all connections.
    ///
    /// # Errors
    /// If a request is not answered, or not with yes.
    pub fn run(&mut self, order: &Order) -> anyhow::Result<Done> {
        ensure!(order.rate.is_none(), "many connections have no rate");
        for connection in &mut self.connections {
            connection.request = self.wire.request(order.question, connection.show);
            connection.asked = 0;
        }
        let histogram = load::histogram();
        let mut trial = Trial { order: *order, histogram, in_flight: 0, last_ns: order.begin_ns };
        clock::sleep_until(order.begin_ns);
        let before = usage::own();
        for first in (0..self.connections.len()).step_by(TOGETHER) {
            let last = (first + TOGETHER).min(self.connections.len());
            for connection in &mut self.connections[first..last] {
                connection.send(self.wire, clock::now())?;
                trial.in_flight += 1;
            }
            self.receive(&mut trial, EpollTimeout::ZERO)?;
        }
        while trial.in_flight > 0 {
            let is_answered = self.receive(&mut trial, SILENCE_MAX_MS.into())?;
            ensure!(is_answered, "{} requests have no reply", trial.in_flight);
        }
        let usage = usage::own() - before;
        let elapsed_ns = trial.last_ns.saturating_sub(order.begin_ns);
        Ok(Done { samples: load::samples(&trial.histogram), elapsed_ns, usage })
    }

    /// Reads what is there, and asks again where there is time; false if nothing came.
    fn receive(&mut self, trial: &mut Trial, timeout: EpollTimeout) -> anyhow::Result<bool> {
        let ready = match self.epoll.wait(&mut self.events, timeout) {
            Err(Errno::EINTR) => return Ok(true),
            result => result.context("cannot wait for a reply")?,
        };
        for event in &self.events[..ready] {
            let connection = &mut self.connections[event.data() as usize];
            if !connection.receive(self.wire, trial.order.question)? {
                continue;
            }
            let now = clock::now();
            record(&mut trial.histogram, now - connection.sent_ns)?;
            trial.last_ns = now;
            if is_over(trial.order.length, now, connection.asked) {
                trial.in_flight -= 1;
            } else {
                connection.send(self.wire, now)?;
            }
        }
        Ok(ready > 0)
    }
}

impl Connection {
    /// Connects, and asks a VIEW.
    fn open(wire: Wire, dir: &Path, address: &str, number: usize) -> anyhow::Result<Connection> {
        let mut stream = TcpStream::connect(address).context("cannot connect")?;
        stream.set_nodelay(true).context("cannot set TCP_NODELAY")?;
        wire.greet(&mut stream, dir)?;
        let show = 1 + (number % SHOWS) as i32;
        let mut connection = Connection {
            stream,
            show,
            request: wire.request(Question::View, show),
            // Far from those of other connections: a reply that strays is noticed.
            nonce: (number as u64 + 1) << 32,
            asked: 0,
            sent_ns: 0,
            received: [0; REPLY_MAX],
            n_received: 0,
        };
        connection.send(wire, clock::now())?;
        Ok(connection)
    }

    /// Waits for the reply.
    fn wait(&mut self, wire: Wire, question: Question) -> anyhow::Result<()> {
        while !self.receive(wire, question)? {}
        Ok(())
    }

    fn send(&mut self, wire: Wire, now: u64) -> anyhow::Result<()> {
        self.nonce += 1;
        wire.set_nonce(&mut self.request, self.nonce);
        (self.sent_ns, self.n_received) = (now, 0);
        self.asked += 1;
        self.stream.write_all(&self.request).context("cannot send a request")
    }

    /// One read of what is there; whether the reply is whole, and says yes.
    fn receive(&mut self, wire: Wire, question: Question) -> anyhow::Result<bool> {
        let into = &mut self.received[self.n_received..];
        match self.stream.read(into).context("cannot receive a reply")? {
            0 => bail!("the server has closed the connection"),
            n_bytes => self.n_received += n_bytes,
        }
        let received = &self.received[..self.n_received];
        match wire.reply_size(question, received)? {
            Some(size) if size < received.len() => bail!("there is more than a reply"),
            Some(size) if size == received.len() => wire.judge(self.nonce, received).map(|()| true),
            _ if received.len() == REPLY_MAX => bail!("a reply has no end"),
            _ => Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::order::Length;
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::thread;

    /// A server for `count` connections, served one after the other as they come, that answers each
    /// request with the bytes that `reply` makes of it and of its number.
    fn serve(
        count: usize,
        reply: impl Fn(usize, &[u8; 32]) -> Vec<u8> + Send + Sync + 'static,
    ) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let reply = Arc::new(reply);
        thread::spawn(move || {
            for mut stream in listener.incoming().take(count).flatten() {
                let reply = reply.clone();
                thread::spawn(move || {
                    let mut request = [0; 32];
                    for number in 0.. {
                        if stream.read_exact(&mut request).is_err() {
                            return;
                        }
                        for byte in reply(number, &request).chunks(20) {
                            stream.write_all(byte).unwrap();
                        }
                    }
                });
            }
        });
        address
    }

    fn ask(count: usize, each: u64, address: &str) -> anyhow::Result<Done> {
        let base = tempfile::tempdir()?;
        let dir = base.path().join("run");
        assert!(address::remember(&dir, format!("ready test {address}")));
        let mut clients = Multiplexed::open(Wire::BoxOffice, &dir, count)?;
        let begin_ns = clock::now();
        let (question, length) = (Question::Reserve, Length::Count(each));
        clients.run(&Order { question, begin_ns, length, rate: None })
    }

    /// An OK with the nonce of the request.
    fn ok(request: &[u8; 32]) -> Vec<u8> {
        let mut reply = vec![0; 32];
        reply[..4].copy_from_slice(&request[..4]);
        reply[8..16].copy_from_slice(&request[8..16]);
        reply
    }

    #[test]
    fn each_connection_asks_its_share_and_replies_may_come_in_pieces() {
        let address = serve(70, |_, request| ok(request));
        let done = ask(70, 5, &address).unwrap();
        assert_eq!(done.samples.iter().map(|(_, count)| count).sum::<u64>(), 350);
        assert!(done.elapsed_ns > 0);
    }

    #[test]
    fn a_strangers_reply_is_an_error() {
        let address = serve(3, |number, request| {
            let mut reply = ok(request);
            reply[12] ^= u8::from(number == 2);
            reply
        });
        let error = ask(3, 5, &address).unwrap_err().to_string();
        assert!(error.contains("did not ask for it"), "{error}");
    }
}
