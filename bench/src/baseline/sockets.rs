//! A TCP connection that stays open, a thread for each.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::thread::Builder;

use anyhow::Context;
use common::protocol::reply::REPLY_MAX;
use common::protocol::request::REQUEST_SIZE;
use harness::address;

use crate::baseline::commit::Committer;
use crate::baseline::wire;
use crate::results::group::Question;

/// Listens on any free port.
pub(super) fn listen() -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind("127.0.0.1:0").context("cannot listen")?;
    let address = listener.local_addr().context("cannot find the port")?;
    wire::ready(&address.to_string())?;
    Ok(listener)
}

/// Accepts connections, each with a thread.
///
/// # Errors
/// Of the calls.
pub fn serve() -> anyhow::Result<()> {
    serve_by(|| ())
}

/// The same, and each thread waits for a sync before it replies.
///
/// # Errors
/// Of the calls.
pub fn serve_durably(dir: &Path) -> anyhow::Result<()> {
    let committer = Committer::start(dir)?;
    serve_by(move || committer.wait_durable())
}

fn serve_by(wait: impl Fn() + Clone + Send + 'static) -> anyhow::Result<()> {
    let listener = listen()?;
    loop {
        let (stream, _) = listener.accept().context("cannot accept a connection")?;
        stream.set_nodelay(true).context("cannot set TCP_NODELAY")?;
        let wait = wait.clone();
        Builder::new().spawn(move || answer(stream, wait)).context("cannot start a thread")?;
    }
}

/// Until the client has closed.
fn answer(mut stream: TcpStream, wait: impl Fn()) {
    let mut request = [0; REQUEST_SIZE];
    let reply = [0; REPLY_MAX];
    while stream.read_exact(&mut request).is_ok() {
        wait();
        if stream.write_all(&reply[..wire::reply_size(&request)]).is_err() {
            return;
        }
    }
}

/// The other side.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    reply: [u8; REPLY_MAX],
}

impl Client {
    /// Connects to the server of `dir`.
    ///
    /// # Errors
    /// If there is none.
    pub fn open(dir: &Path) -> anyhow::Result<Client> {
        let stream = TcpStream::connect(address::of(dir)).context("cannot connect")?;
        stream.set_nodelay(true).context("cannot set TCP_NODELAY")?;
        Ok(Client { stream, reply: [0; REPLY_MAX] })
    }

    /// One write, and reads until the reply is whole.
    ///
    /// # Errors
    /// Of the calls.
    pub fn ask(&mut self, question: Question) -> anyhow::Result<()> {
        self.stream.write_all(&wire::request(question, 0)).context("cannot send a request")?;
        let reply = &mut self.reply[..wire::size_of_reply(question)];
        self.stream.read_exact(reply).context("cannot receive a reply")
    }
}
