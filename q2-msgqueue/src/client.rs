//! The client of the queues, for every stage that has them: sends a request, waits for the message
//! of its own type.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use common::client::ask::{Ask, Nonces, Unanswered};
use common::client::menu;
use common::client::options::ClientOptions;
use common::program::process;
use common::protocol::reply::Reply;
use common::protocol::request::Request;
use common::server::lock;
use nix::unistd::gettid;
use q1_pipes::armour::ticks::Ticks;

use crate::channel::{Channel, RequestClass};
use crate::queue::{Queue, Received, Wait, Which};

/// A client: one thread's. Another thread may have another.
#[derive(Debug)]
pub struct Client {
    channel: Channel,
    /// The type of our replies: the thread's id, which is the PID in a process of one thread.
    id: i32,
    nonces: Nonces,
    timeout: Duration,
    /// The server's first process, if its lock file names it.
    server: Option<i32>,
    /// The last message received.
    received: Received,
    /// The last reply received.
    reply: Reply,
    _ticks: Ticks,
}

/// Runs the client program; returns the exit status.
///
/// # Errors
/// If there is no server, or a question stays without an answer.
pub fn run(options: &ClientOptions) -> anyhow::Result<u8> {
    let mut client = Client::open(&options.dir, options.timeout)?;
    menu::run(options, |ask| client.ask(ask).copied())
}

impl Client {
    /// Opens the queues of the server in `dir`, for the calling thread.
    ///
    /// # Errors
    /// If no server runs there.
    pub fn open(dir: &Path, timeout: Duration) -> anyhow::Result<Client> {
        let channel = Channel::open(dir)?;
        let id = gettid().as_raw();
        drain(&channel.replies, id, Instant::now() + timeout)
            .context("cannot clear the replies to an earlier process with this PID")?;
        let ticks = Ticks::start().context("cannot set a timer")?;
        let server = lock::holder(dir).unwrap_or_default().map(|holder| holder.pid);
        Ok(Client {
            channel,
            id,
            nonces: Nonces::new()?,
            timeout,
            server,
            received: Received::default(),
            reply: Reply::default(),
            _ticks: ticks,
        })
    }

    /// Asks, and waits for the answer as long as the time-out says.
    ///
    /// # Errors
    /// If there is none; says whether the request was sent.
    pub fn ask(&mut self, ask: Ask) -> Result<&Reply, Unanswered> {
        let request = Request::new(self.id, self.nonces.draw(), ask);
        let deadline = Instant::now() + self.timeout;
        let class = match ask {
            Ask::List | Ask::View { .. } => RequestClass::Consultation,
            Ask::Reserve { .. } => RequestClass::Reservation,
        };
        while let Err(error) = self.channel.send(class, &request) {
            self.check_failure(error, deadline).map_err(Unanswered::NotSent)?;
        }
        loop {
            let mine = Which::Only(self.id.into());
            match self.channel.replies.receive_into(&mut self.received, mine, Wait::Yes) {
                Ok(is_there) => {
                    // A reply to an earlier question of ours, or a forgery, has another nonce.
                    let is_reply = is_there && self.reply.receive(self.received.bytes());
                    if is_reply && self.reply.nonce == request.nonce {
                        return Ok(&self.reply);
                    }
                    self.check_deadline(deadline).map_err(Unanswered::Unknown)?;
                }
                Err(error) => self.check_failure(error, deadline).map_err(Unanswered::Unknown)?,
            }
        }
    }

    /// Whether a failed call is to be made again: Ok if it was only interrupted, there is time
    /// left, and the server is still there.
    fn check_failure(&self, error: io::Error, deadline: Instant) -> io::Result<()> {
        // A queue outlives its server. So a dead server does not show there.
        let is_dead = || self.server.is_some_and(|pid| !process::is_alive(pid));
        match error.kind() {
            io::ErrorKind::Interrupted if is_dead() => Err(io::Error::other("the server is dead")),
            io::ErrorKind::Interrupted => self.check_deadline(deadline),
            _ if crate::queue::is_gone(&error) => Err(io::Error::other("the server has stopped")),
            _ => Err(error),
        }
    }

    fn check_deadline(&self, deadline: Instant) -> io::Result<()> {
        if Instant::now() < deadline {
            return Ok(());
        }
        let message = format!("no answer within {} s", self.timeout.as_secs_f64());
        Err(io::Error::new(io::ErrorKind::TimedOut, message))
    }
}

/// Throws away the replies to an earlier process with our id. Until `deadline` only: somebody who
/// asks in our name may have replies sent without end.
fn drain(replies: &Queue, id: i32, deadline: Instant) -> io::Result<()> {
    while Instant::now() < deadline && replies.receive(Which::Only(id.into()), Wait::No)?.is_some()
    {
    }
    Ok(())
}
