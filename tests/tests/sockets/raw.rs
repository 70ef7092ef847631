//! A bare connection: bytes in, records out.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use common::ask::Ask;
use common::reply::{Reply, Status};
use common::request::Request;
use harness::address;
use harness::server::Server;
use harness::stage::Stage;
use harness::wait;
use harness::wire::is_closed;
use q5_sockets::framing::{Frame, reply};
use zerocopy::IntoBytes;

/// Far more than an answer takes.
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// A connection, and what has arrived on it.
pub(crate) struct Raw {
    pub(crate) stream: TcpStream,
    arrived: Vec<u8>,
}

/// How a wait for a reply ended.
#[derive(Debug, PartialEq)]
pub(crate) enum Next {
    Reply(Box<Reply>),
    Closed,
    Nothing,
}

pub(crate) fn start(options: &[&str]) -> Server {
    Server::start_with(Stage::Q5Sockets, &common::shows::sample(), options)
}

pub(crate) fn request(nonce: u64, ask: Ask) -> Vec<u8> {
    Request::new(7, nonce, ask).as_bytes().to_vec()
}

impl Raw {
    pub(crate) fn open(server: &Server) -> Raw {
        let stream = TcpStream::connect(address::of(&server.dir())).unwrap();
        stream.set_nodelay(true).unwrap();
        Raw { stream, arrived: Vec::new() }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// The next reply, the end of the connection, or nothing for so long.
    pub(crate) fn next(&mut self, limit: Duration) -> Next {
        self.stream.set_read_timeout(Some(limit)).unwrap();
        loop {
            match reply(&self.arrived) {
                Frame::Whole(reply, size) => {
                    self.arrived.drain(..size);
                    return Next::Reply(Box::new(reply));
                }
                Frame::Incomplete => {}
                Frame::Garbage => panic!("no reply: {:?}", self.arrived),
            }
            let mut bytes = [0; 65536];
            match self.stream.read(&mut bytes) {
                Ok(0) => return Next::Closed,
                Ok(size) => self.arrived.extend(&bytes[..size]),
                Err(error) if is_closed(&error) => panic!("a reset has destroyed what came"),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Next::Nothing,
                // A read with a time-out ends so when the whole process was stopped meanwhile.
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Whether bytes are still taken for a while: a closed socket would answer them with a reset.
    pub(crate) fn is_taken(&mut self) -> bool {
        (0..5).all(|_| {
            wait::until(Duration::from_millis(5), || None::<()>);
            self.stream.write_all(&[0]).is_ok()
        })
    }

    /// The status and nonce of a reply that should come.
    pub(crate) fn told(&mut self) -> (Option<Status>, u64) {
        match self.next(SOON) {
            Next::Reply(reply) => (reply.status(), reply.nonce.get()),
            other => panic!("{other:?}"),
        }
    }
}
