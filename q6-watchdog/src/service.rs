//! What the dispatcher and the secondary servers have in common: a thread that accepts, one for each
//! connection, and a main thread that waits for orders.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::thread::Builder;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use common::log;
use common::reply::{Reply, Status};
use common::request::Request;
use common::signals::Signals;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use q3_threads::armour::workers::{STACK_SIZE, Workers};
use q5_sockets::armour::lingering_close::{close, for_connection, hang_up};
use q5_sockets::armour::listeners::{Listeners, descriptors_for};
use q5_sockets::armour::refused::Refused;
use q5_sockets::armour::registry::{Member, Registry};
use q5_sockets::channel::{Connection, Incoming, REPLY_TIME};
use tracing::{debug, info, warn};

use crate::channel::End;
use crate::options::ServerOptions;
use crate::watchdog::board::Board;

/// How long a stop waits for connections that have something to answer; then all are cut.
const ANSWER_MAX: Duration = Duration::from_millis(400);
/// How long the threads may take to answer what they have taken.
const STOP_MAX: Duration = Duration::from_millis(700);

/// One server's connections.
#[derive(Debug)]
pub struct Service {
    listeners: Listeners,
    registry: Arc<Registry>,
    idle: Duration,
    server: i32,
}

impl Service {
    /// A server on these sockets; its replies carry the PID of the calling process.
    ///
    /// # Errors
    /// Of setrlimit. See getrlimit(2).
    pub fn new(listeners: Listeners, options: &ServerOptions) -> anyhow::Result<Arc<Service>> {
        let room = descriptors_for(options.max_connections).context("cannot set RLIMIT_NOFILE")?;
        let registry = Arc::new(Registry::new(room));
        let (idle, server) = (options.idle_timeout, std::process::id() as i32);
        Ok(Arc::new(Service { listeners, registry, idle, server }))
    }

    /// The accepting thread's life: takes every connection, and has `answer` called in a thread of
    /// its own for each request.
    ///
    /// # Errors
    /// ENOMEM. See poll(2).
    pub fn serve<A>(self: &Arc<Service>, answer: A) -> anyhow::Result<()>
    where
        A: Fn(&mut Connection, Request) -> io::Result<()> + Send + Sync + 'static,
    {
        let (answer, mut refused) = (Arc::new(answer), Refused::default());
        while let Some((stream, peer)) = self.listeners.accept(&mut refused)? {
            self.start_thread(&answer, Arc::new(stream), peer, &mut refused);
        }
        if refused.count() > 0 {
            info!(refused = refused.count(), "connections found no room");
        }
        Ok(())
    }

    /// Starts the thread of a connection, or says that the server is busy.
    fn start_thread<A>(
        self: &Arc<Service>,
        answer: &Arc<A>,
        stream: Arc<TcpStream>,
        peer: SocketAddr,
        refused: &mut Refused,
    ) where
        A: Fn(&mut Connection, Request) -> io::Result<()> + Send + Sync + 'static,
    {
        let busy = for_connection(Status::Busy, self.server);
        let Some(member) = self.registry.enter(&stream) else {
            return refused.tell(stream, &busy);
        };
        let (service, answer, handle) = (self.clone(), answer.clone(), stream.clone());
        let life = move || {
            log::add_field("peer", peer);
            let lived = AssertUnwindSafe(|| service.converse(handle, &member, &*answer));
            match catch_unwind(lived) {
                Ok(Ok(())) => debug!("closed"),
                Ok(Err(error)) => debug!("lost: {error}"),
                Err(_) => warn!("a panic has cost this connection"),
            }
        };
        let thread = Builder::new().name("q6 connection".into()).stack_size(STACK_SIZE);
        if let Err(error) = thread.spawn(life) {
            warn!("cannot start a thread: {error}");
            refused.tell(stream, &busy);
        }
    }

    /// A connection's thread: any number of requests, answered in order.
    fn converse(
        &self,
        stream: Arc<TcpStream>,
        member: &Member,
        answer: &impl Fn(&mut Connection, Request) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut connection = Connection::new(stream, self.idle, REPLY_TIME)?;
        let (mut has_asked, mut now) = (false, Instant::now());
        loop {
            match connection.receive(now)? {
                Incoming::Request(request) => {
                    member.busy();
                    answer(&mut connection, request)?;
                    now = Instant::now();
                    member.idle(now);
                    has_asked = true;
                }
                Incoming::Garbage(request) => {
                    connection.reply(&Reply::new(&request, Status::BadRequest, self.server))?;
                    return hang_up(&mut connection, member);
                }
                Incoming::Idle | Incoming::Closed => break,
            }
        }
        close(connection, member, has_asked, self.server)
    }

    /// The main thread's life.
    ///
    /// The sockets are closed only if all servers end: else this one is followed by another, which
    /// listens on the same, and finds there who has connected meanwhile.
    ///
    /// # Errors
    /// If a thread ends although nobody asked it to, or does not end in time.
    pub fn watch(
        &self,
        signals: &Signals,
        workers: &mut Workers,
        board: &Board,
        pair: Option<(End, u16)>,
    ) -> anyhow::Result<()> {
        let attended = attend(signals, workers, board, pair);
        if !board.is_ending() {
            return attended;
        }
        attended.and(self.stop(signals, workers))
    }

    /// Ends the service: nobody can connect any more, and the connections there are answer what
    /// they have received.
    fn stop(&self, signals: &Signals, workers: &mut Workers) -> anyhow::Result<()> {
        let deadline = Instant::now() + STOP_MAX;
        self.listeners.close().context("cannot close the listening sockets")?;
        self.registry.stop();
        if self.registry.wait_empty(Instant::now() + ANSWER_MAX) > 0 {
            self.registry.cut();
        }
        let late = self.registry.wait_empty(deadline);
        workers.wait_end(signals, deadline)?;
        ensure!(late == 0, "{late} connections did not end in time");
        Ok(())
    }
}

/// Tells the dispatcher that it is there, until the watchdog sends SIGTERM.
fn attend(
    signals: &Signals,
    workers: &mut Workers,
    board: &Board,
    mut pair: Option<(End, u16)>,
) -> anyhow::Result<()> {
    loop {
        let mut events = vec![PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
        events.extend(pair.iter().map(|(end, _)| PollFd::new(end.as_fd(), PollFlags::POLLIN)));
        match poll(&mut events, PollTimeout::NONE) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno).context("cannot wait"),
        }
        let is_signalled = events[0].any().unwrap_or(false);
        if let Some((end, port)) = &mut pair {
            tell(end, *port)?;
        }
        // Read only when there is one: with reads of the FIFO in turn, it would spin if every second
        // one fails.
        if !is_signalled {
            continue;
        }
        match signals.wait(Duration::ZERO)? {
            Some(Signal::SIGCHLD) => {
                if let Some(ended) = workers.reap().first() {
                    // Then another server may do better, and it says so by its exit status.
                    if ended.is_panic() {
                        resume_unwind(Box::new(ended.to_string()));
                    }
                    bail!("{ended}, and a server without it is none");
                }
            }
            // Ctrl-C reaches the whole process group, and anybody can send SIGTERM; only the
            // watchdog acts on them.
            Some(Signal::SIGTERM) if board.is_ending() => return Ok(()),
            _ => {}
        }
    }
}

/// Answers the questions of the dispatcher that have arrived.
fn tell(end: &mut End, port: u16) -> io::Result<()> {
    while let Some(ping) = end.receive()? {
        if ping.port == 0
            && let Err(error) = end.send(ping.sequence.get(), port)
        {
            debug!("the dispatcher does not read: {error}");
        }
    }
    Ok(())
}
