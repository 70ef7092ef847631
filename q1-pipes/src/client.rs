//! The client of the named pipes: writes a request, waits for what is written into its own FIFO.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use common::ask::{Ask, Nonces, Unanswered};
use common::interruption;
use common::menu;
use common::options::ClientOptions;
use common::process;
use common::reply::Reply;
use common::request::Request;
use nix::unistd::gettid;

use crate::armour::inbox;
use crate::armour::ticks::Ticks;
use crate::channel::RequestClass;
use crate::connection::Connection;

/// After so long a silence our FIFO is emptied before we ask: whoever asks in our name may have filled
/// it, and the answer would find no room. One who asks without a pause sees that by what comes.
const SILENCE: Duration = Duration::from_millis(100);

/// A client: one thread's. Another thread may have another, at the same time.
///
/// A second one in the same thread would get no replies: the server has the FIFO of the first open.
#[derive(Debug)]
pub struct Client {
    connection: Connection,
    /// Names our FIFO: the thread's id, which is the PID in a process of one thread.
    id: i32,
    nonces: Nonces,
    timeout: Duration,
    /// The last one received.
    reply: Reply,
    /// When we asked last, and whether something else came than the answer.
    asked: Instant,
    has_others: bool,
    _ticks: Ticks,
}

/// Runs the client program; returns the exit status.
///
/// # Errors
/// If there is no server, or a question stays without an answer.
pub fn run(options: &ClientOptions) -> anyhow::Result<u8> {
    process::make_private_files();
    interruption::prepare_to_remove(&inbox::path(&options.dir, gettid().as_raw()))
        .context("cannot handle signals")?;
    let mut client = Client::open(&options.dir, options.timeout)?;
    menu::run(options, |ask| client.ask(ask).copied())
}

impl Client {
    /// Opens the FIFOs of the server in `dir`, for the calling thread.
    ///
    /// # Errors
    /// If no server runs there.
    pub fn open(dir: &Path, timeout: Duration) -> anyhow::Result<Client> {
        let id = gettid().as_raw();
        let connection = Connection::open(dir, id)?;
        let ticks = Ticks::start().context("cannot set a timer")?;
        let (nonces, reply) = (Nonces::new()?, Reply::default());
        let (asked, has_others) = (Instant::now(), false);
        Ok(Client { connection, id, nonces, timeout, reply, asked, has_others, _ticks: ticks })
    }

    /// Asks, and waits for the answer as long as the time-out says.
    ///
    /// # Errors
    /// If there is none; says whether the request was sent.
    pub fn ask(&mut self, ask: Ask) -> Result<&Reply, Unanswered> {
        let request = Request::new(self.id, self.nonces.draw(), ask);
        let now = Instant::now();
        if self.has_others || now.saturating_duration_since(self.asked) > SILENCE {
            self.connection.drain().map_err(Unanswered::NotSent)?;
        }
        (self.asked, self.has_others) = (now, false);
        let deadline = now + self.timeout;
        let class = match ask {
            Ask::List | Ask::View { .. } => RequestClass::Consultation,
            Ask::Reserve { .. } => RequestClass::Reservation,
        };
        while let Err(error) = self.connection.send(class, &request) {
            self.go_on(error, class, deadline).map_err(Unanswered::NotSent)?;
        }
        loop {
            match self.connection.receive(&mut self.reply) {
                Ok(is_reply) => {
                    // A reply to an earlier question of ours, or a forgery, has another nonce.
                    if is_reply && self.reply.nonce == request.nonce {
                        return Ok(&self.reply);
                    }
                    self.has_others = true;
                    self.check(deadline).map_err(Unanswered::Unknown)?;
                }
                Err(error) => self.go_on(error, class, deadline).map_err(Unanswered::Unknown)?,
            }
        }
    }

    /// After a failed call: goes on if it was only interrupted, there is time left, and the server
    /// is still there.
    fn go_on(&self, error: io::Error, class: RequestClass, deadline: Instant) -> io::Result<()> {
        let stopped = || Err(io::Error::other("the server has stopped"));
        match error.kind() {
            io::ErrorKind::BrokenPipe => stopped(),
            // Our FIFO never ends, since we can write to it ourselves: a dead server must be looked
            // for.
            io::ErrorKind::Interrupted if self.connection.is_over(class)? => stopped(),
            io::ErrorKind::Interrupted => self.check(deadline),
            _ => Err(error),
        }
    }

    fn check(&self, deadline: Instant) -> io::Result<()> {
        if Instant::now() < deadline {
            return Ok(());
        }
        let message = format!("no answer within {} s", self.timeout.as_secs_f64());
        Err(io::Error::new(io::ErrorKind::TimedOut, message))
    }
}
