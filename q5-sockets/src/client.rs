//! The client over TCP: connects, sends, receives until the reply is whole, gives up in time.

use std::io;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use common::client::ask::{Ask, Nonces, Unanswered};
use common::client::hint;
use common::client::menu;
use common::program::exit::plain;
use common::protocol::reply::{Reply, Status};
use common::protocol::request::Request;
use zerocopy::IntoBytes;

use crate::armour::closing::End;
use crate::armour::deadline::Deadline;
use crate::armour::resolve;
use crate::channel::Connection;
use crate::framing::{self, Frame};
use crate::options::ClientOptions;
use crate::stream::{Layer, Plain, Stream, Tcp};

/// After so long a silence the connection is checked before it is used. The server may have closed
/// it: to make room (after 1 s at the earliest), or because it was restarted.
const SILENCE: Duration = Duration::from_millis(500);

/// A client: one thread's. Another thread may have another.
#[derive(Debug)]
pub struct Client<L: Layer = Plain> {
    server: String,
    layer: L,
    /// None after a lost connection. The next question opens another.
    connection: Option<Connection<L::Stream>>,
    id: i32,
    nonces: Nonces,
    timeout: Duration,
    used: Instant,
    /// The last reply received.
    reply: Box<Reply>,
}

/// Runs the client program; returns the exit status.
///
/// # Errors
/// If there is no server, or a question stays without an answer.
pub fn run(options: &ClientOptions) -> anyhow::Result<u8> {
    let mut client = Client::open(&options.connect, options.common.timeout)?;
    menu::run(&options.common, |ask| client.ask(ask).copied())
}

/// The error of a client that finds no server, and how to start one; `package` is its stage.
pub fn no_server(error: &io::Error, server: &str, package: &str) -> anyhow::Error {
    anyhow!("{}{}", plain(error), hint::no_listener(error, server, package))
}

impl Client {
    /// Connects to the server at `HOST:PORT`.
    ///
    /// # Errors
    /// If no server listens there.
    pub fn open(server: &str, timeout: Duration) -> anyhow::Result<Client> {
        Client::connect(server, timeout, Instant::now() + timeout)
            .map_err(|error| no_server(&error, server, "q5-sockets"))
    }

    /// Connects before the deadline; later questions have the whole time-out.
    ///
    /// # Errors
    /// If no server listens there.
    pub fn connect(server: &str, timeout: Duration, deadline: Instant) -> io::Result<Client> {
        Client::connect_over(Plain, server, timeout, deadline)
    }
}

impl<L: Layer> Client<L> {
    /// As [`Client::connect`], with a layer over the socket.
    ///
    /// # Errors
    /// If no server listens there, or the layer cannot be opened.
    pub fn connect_over(
        layer: L,
        server: &str,
        timeout: Duration,
        deadline: Instant,
    ) -> io::Result<Client<L>> {
        let connection = connect(&layer, server, timeout, deadline)?;
        Ok(Client {
            server: server.to_owned(),
            layer,
            connection: Some(connection),
            // Only for the server's log: the reply comes back on the connection.
            id: std::process::id() as i32,
            nonces: Nonces::new()?,
            timeout,
            used: Instant::now(),
            reply: Box::default(),
        })
    }

    /// Asks, and waits for the answer as long as the time-out says.
    ///
    /// # Errors
    /// If there is none; says whether any byte of the request was sent.
    pub fn ask(&mut self, ask: Ask) -> Result<&Reply, Unanswered> {
        self.ask_until(Deadline::after(self.timeout), ask)
    }

    /// Asks, and waits for the answer until the deadline.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub fn ask_before(&mut self, deadline: Instant, ask: Ask) -> Result<&Reply, Unanswered> {
        self.ask_until(Deadline::at(deadline), ask)
    }

    fn ask_until(&mut self, mut deadline: Deadline, ask: Ask) -> Result<&Reply, Unanswered> {
        let request = Request::new(self.id, self.nonces.draw(), ask);
        let now = deadline.seen();
        let was_silent = now.saturating_duration_since(self.used) > SILENCE;
        let open = self.connection.take();
        let open = open.and_then(|mut it| (!was_silent || it.is_quiet()).then_some(it));
        let mut connection = match open {
            Some(connection) => connection,
            None => {
                let end = deadline.end();
                let connected = connect(&self.layer, &self.server, self.timeout, end);
                deadline = Deadline::at(end);
                connected.map_err(Unanswered::NotSent)?
            }
        };
        connection.send(request.as_bytes(), deadline).map_err(|unsent| {
            let error = self.explain(unsent.error);
            if unsent.partly { Unanswered::Unknown(error) } else { Unanswered::NotSent(error) }
        })?;
        let received = receive(&mut connection, &mut self.reply, &request, deadline.end());
        received.map_err(|error| match self.explain(error) {
            error if connection.is_refused() => Unanswered::NotSent(error),
            error => Unanswered::Unknown(error),
        })?;
        // After a reply for the whole connection the server closes it.
        if self.reply.nonce == request.nonce {
            self.connection = Some(connection);
            self.used = now;
        }
        Ok(&self.reply)
    }

    /// Whether the server has neither closed the connection nor announced that it will.
    pub fn is_connected(&mut self) -> bool {
        self.connection.as_mut().is_some_and(Connection::is_quiet)
    }

    fn explain(&self, error: io::Error) -> io::Error {
        match error.kind() {
            io::ErrorKind::TimedOut if error.raw_os_error().is_none() => no_answer(self.timeout),
            // An error of the layer says by itself what it is.
            io::ErrorKind::TimedOut | io::ErrorKind::InvalidData => error,
            _ => io::Error::new(error.kind(), format!("lost connection: {}", plain(&error))),
        }
    }
}

/// Receives the reply to `request`, or one for the whole connection; others are ignored.
fn receive<S: Stream>(
    connection: &mut Connection<S>,
    reply: &mut Reply,
    request: &Request,
    deadline: Instant,
) -> io::Result<()> {
    loop {
        match framing::reply_bytes(connection.received()) {
            Frame::Whole(bytes, size) => {
                let is_reply = reply.receive(bytes);
                connection.consume(size);
                if is_reply && (reply.nonce == request.nonce || is_for_connection(reply)) {
                    return Ok(());
                }
            }
            // The first two bytes of a TLS alert.
            Frame::Garbage if connection.received().starts_with(&[21, 3]) => {
                return Err(io::Error::other("the server speaks TLS: use its own client"));
            }
            Frame::Garbage => return Err(io::Error::other("this is no server of the box office")),
            Frame::Incomplete => {
                if connection.fill(Deadline::at(deadline))? == 0 {
                    let error = io::ErrorKind::UnexpectedEof;
                    return Err(io::Error::new(error, "closed by the server"));
                }
            }
        }
    }
}

/// Whether a reply is meant for every request of its connection that has no answer yet.
fn is_for_connection(reply: &Reply) -> bool {
    reply.nonce == 0 && matches!(reply.status(), Some(Status::Busy | Status::Unavailable))
}

/// Tries all addresses of the server, each with its share of the time that is left.
fn connect<L: Layer>(
    layer: &L,
    server: &str,
    timeout: Duration,
    deadline: Instant,
) -> io::Result<Connection<L::Stream>> {
    let explain = |error: io::Error| {
        let error =
            if error.kind() == io::ErrorKind::TimedOut { no_answer(timeout) } else { error };
        let text = format!("cannot connect to {server}: {}", plain(&error));
        io::Error::new(error.kind(), text)
    };
    let addresses = resolve::addresses(server, deadline).map_err(|error| {
        if error.kind() == io::ErrorKind::TimedOut {
            return explain(error);
        }
        let cause = plain(&error).replace("failed to lookup address information: ", "");
        explain(io::Error::new(error.kind(), format!("cannot look up the name (DNS): {cause}")))
    })?;
    let mut last = io::Error::from(io::ErrorKind::TimedOut);
    for (tried, address) in addresses.iter().enumerate() {
        let left = deadline.saturating_duration_since(Instant::now());
        let share = left / (addresses.len() - tried) as u32;
        if share.is_zero() {
            break;
        }
        let share_end = Instant::now() + share;
        let connected = TcpStream::connect_timeout(address, share)
            .and_then(|stream| Tcp::new(Arc::new(stream), timeout))
            .and_then(|tcp| layer.open(tcp, Deadline::at(share_end)));
        match connected {
            Ok(stream) => return Ok(Connection::over(stream, timeout, End::default())),
            Err(error) => last = error,
        }
    }
    Err(explain(last))
}

fn no_answer(timeout: Duration) -> io::Error {
    let message = format!("no answer within {} s", timeout.as_secs_f64());
    io::Error::new(io::ErrorKind::TimedOut, message)
}
