//! The client of the named pipes: writes a request, and waits for the reply in a FIFO of its own.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use common::client::ask::{Ask, Nonces, Unanswered};
use common::client::hint;
use common::client::interruption;
use common::client::menu;
use common::client::options::ClientOptions;
use common::program::directory;
use common::program::exit::plain;
use common::program::process;
use common::protocol::reply::Reply;
use common::protocol::request::Request;
use common::server::lock;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::gettid;
use zerocopy::IntoBytes;

use crate::PACKAGE;
use crate::armour::inbox::{self, Inbox};
use crate::armour::ticks::Ticks;
use crate::channel::RequestClass;
use crate::fifo;

/// After a pause of this length the client empties its FIFO before it asks again. Somebody who asks
/// in its name may have filled the FIFO, and then the answer would be lost. A client that asks
/// without a pause notices such replies anyway, because it reads them.
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
    /// When we asked last.
    asked: Instant,
    /// Whether something else than the answer came after that.
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
        Ok(Client {
            connection,
            id,
            nonces: Nonces::new()?,
            timeout,
            reply: Reply::default(),
            asked: Instant::now(),
            has_others: false,
            _ticks: ticks,
        })
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
        self.asked = now;
        self.has_others = false;
        let deadline = now + self.timeout;
        let class = match ask {
            Ask::List | Ask::View { .. } => RequestClass::Consultation,
            Ask::Reserve { .. } => RequestClass::Reservation,
        };
        while let Err(error) = self.connection.send(class, &request) {
            self.check_failure(error, class, deadline).map_err(Unanswered::NotSent)?;
        }
        loop {
            match self.connection.receive(&mut self.reply) {
                Ok(is_reply) => {
                    // A reply to an earlier question of ours, or a forgery, has another nonce.
                    if is_reply && self.reply.nonce == request.nonce {
                        return Ok(&self.reply);
                    }
                    self.has_others = true;
                    self.check_deadline(deadline).map_err(Unanswered::Unknown)?;
                }
                Err(error) => {
                    self.check_failure(error, class, deadline).map_err(Unanswered::Unknown)?;
                }
            }
        }
    }

    /// Whether a failed call is to be made again: Ok if it was only interrupted, there is time
    /// left, and the server is still there.
    fn check_failure(
        &self,
        error: io::Error,
        class: RequestClass,
        deadline: Instant,
    ) -> io::Result<()> {
        let stopped = || Err(io::Error::other("the server has stopped"));
        match error.kind() {
            io::ErrorKind::BrokenPipe => stopped(),
            // Our FIFO has no end of file, since we hold a write end ourselves. So a dead server
            // does not show there.
            io::ErrorKind::Interrupted if self.connection.is_server_gone(class)? => stopped(),
            io::ErrorKind::Interrupted => self.check_deadline(deadline),
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

/// A client's ends: two to write requests, and the FIFO for its replies.
#[derive(Debug)]
struct Connection {
    consultation: File,
    reservation: File,
    inbox: Inbox,
}

impl Connection {
    /// Makes the FIFO of `client`, then finds the request FIFOs of the server in `dir`.
    fn open(dir: &Path, client: i32) -> anyhow::Result<Connection> {
        let holder = lock::holder(dir).unwrap_or_default();
        let explain = |path: &Path, error: &io::Error| {
            let hint = hint::no_server(error, dir, holder.as_ref(), PACKAGE);
            anyhow!("cannot open {}: {}{hint}", path.display(), plain(error))
        };
        if let Err(error) = dir.metadata() {
            return Err(explain(dir, &error));
        }
        directory::check(dir)?;
        hint::check_processes(dir, holder.as_ref())?;
        let inbox = Inbox::create(dir, client)
            .with_context(|| format!("cannot make a FIFO in {}", dir.display()))?;
        let find = |class: RequestClass| {
            let path = dir.join(class.file_name());
            let writer = fifo::open_writer(&path).map_err(|error| explain(&path, &error))?;
            fifo::set_nonblocking(&writer, false).context("cannot set a FIFO's mode")?;
            anyhow::Ok(writer)
        };
        Ok(Connection {
            consultation: find(RequestClass::Consultation)?,
            reservation: find(RequestClass::Reservation)?,
            inbox,
        })
    }

    /// Sends a request to the FIFO of its class, in one write: the bytes of two clients never mix.
    fn send(&self, class: RequestClass, request: &Request) -> io::Result<()> {
        self.writer(class).write(request.as_bytes()).map(drop)
    }

    /// Throws away the replies that have come already.
    fn drain(&mut self) -> io::Result<()> {
        self.inbox.drain()
    }

    /// Receives the next reply; false if something else came.
    fn receive(&mut self, reply: &mut Reply) -> io::Result<bool> {
        self.inbox.receive(reply)
    }

    /// Whether the worker of `class` is gone, and no reply of it waits to be read.
    fn is_server_gone(&self, class: RequestClass) -> io::Result<bool> {
        // In this order: when the worker's end shows, its last reply is in our FIFO already.
        let mut ends = [
            PollFd::new(self.writer(class).as_fd(), PollFlags::empty()),
            PollFd::new(self.inbox.as_fd(), PollFlags::POLLIN),
        ];
        match poll(&mut ends, PollTimeout::ZERO) {
            Ok(_) => {}
            Err(Errno::EINTR) => return Ok(false),
            Err(errno) => return Err(errno.into()),
        }
        let [gone, waiting] = ends.map(|end| end.revents().unwrap_or(PollFlags::empty()));
        Ok(gone.contains(PollFlags::POLLERR) && !waiting.contains(PollFlags::POLLIN))
    }

    fn writer(&self, class: RequestClass) -> &File {
        match class {
            RequestClass::Consultation => &self.consultation,
            RequestClass::Reservation => &self.reservation,
        }
    }
}
