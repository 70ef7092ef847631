//! The server: one thread that waits for all connections at once, and serves those that are ready;
//! and one that waits for the disk.

use std::collections::HashMap;
use std::io;
use std::mem::ManuallyDrop;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, ensure};
use common::booking::office::Office;
use common::booking::table::Table;
use common::program::process;
use common::program::signals::Signals;
use common::protocol::reply::{Outcome, Status};
use common::server::leftovers;
use common::server::start::{self, Start};
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::signal::Signal;
use q3_threads::armour::workers::Workers;
use q3_threads::published::Published;
use q5_sockets::armour::listeners::descriptors_for;
use tracing::{debug, info};

use crate::PACKAGE;
use crate::armour::acceptor::Acceptor;
use crate::armour::ending::{Ending, Fate, IDLE_MIN};
use crate::armour::room::{Found, LEAVE_MAX, Room};
use crate::armour::timers::Timers;
use crate::channel::{Connection, Turn};
use crate::commit_queue::CommitQueue;
use crate::committer;
use crate::options::ServerOptions;
use crate::returned::Returned;

/// Events that one turn takes at most.
const EVENTS_MAX: usize = 256;
/// What epoll says of the signals, of connections that the disk thread gives back, and of the first
/// listening socket. Connections have the numbers behind those, and none has one a second time.
const SIGNALS: u64 = 0;
const RETURNED: u64 = 1;
const LISTENERS: u64 = 2;
/// How long a stop leaves clients to read the last replies.
const LINGER_MAX: Duration = Duration::from_millis(800);
/// How long a stop may take on a disk that is slow.
const STOP_MAX: Duration = Duration::from_millis(1700);

/// Serves until SIGTERM or SIGINT; returns the exit status.
///
/// # Errors
/// If the server cannot start, or a part of it ends although nobody asked it to.
pub fn run(options: &ServerOptions) -> anyhow::Result<u8> {
    let Start { signals, lock, store, table } = start::open(&options.common, PACKAGE)?;
    // The disk thread may write until the process ends, so the lock must not be released by this
    // function.
    let mut lock = ManuallyDrop::new(lock);
    leftovers::remove(&options.common.dir, &mut lock)?;
    process::name("q9 server").context("cannot name the process")?;
    let mut events = EventLoop::open(options, &signals, &table)?;
    let address = events.acceptor.address().context("cannot tell the address")?;
    let mut workers = Workers::new();
    events.start_committer(&mut workers, Office::new(store, table))?;
    workers.wait_ready()?;
    start::ready_line(PACKAGE, address)?.print()?;
    let served = events.serve(&signals, &mut workers);
    let deadline = Instant::now() + STOP_MAX;
    let stopped = events.stop(deadline);
    let ended = workers.wait_end(&signals, deadline);
    served.and(stopped).and(ended)?;
    Ok(0)
}

/// The thread of all connections, and what it shares with the disk thread.
struct EventLoop {
    epoll: Epoll,
    acceptor: Acceptor,
    connections: HashMap<u64, Connection>,
    next_id: u64,
    room: Room,
    timers: Timers,
    turn: Turn,
    queue: Arc<CommitQueue>,
    returned: Arc<Returned>,
}

impl EventLoop {
    fn open(
        options: &ServerOptions,
        signals: &Signals,
        table: &Table,
    ) -> anyhow::Result<EventLoop> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).context("cannot open epoll")?;
        let acceptor = Acceptor::open(&options.listen, &epoll, LISTENERS)?;
        let room = descriptors_for(options.max_connections).context("cannot set RLIMIT_NOFILE")?;
        let returned = Arc::new(Returned::new().context("cannot open an eventfd")?);
        epoll
            .add(signals, EpollEvent::new(EpollFlags::EPOLLIN, SIGNALS))
            .and_then(|()| epoll.add(&*returned, EpollEvent::new(EpollFlags::EPOLLIN, RETURNED)))
            .context("cannot watch the signals")?;
        let published = Arc::new(Published::new(table));
        Ok(EventLoop {
            next_id: acceptor.end(),
            epoll,
            acceptor,
            connections: HashMap::new(),
            room: Room::new(room),
            timers: Timers::default(),
            turn: Turn::new(published, std::process::id() as i32, options.idle_timeout),
            queue: Arc::default(),
            returned,
        })
    }

    fn start_committer(&self, workers: &mut Workers, office: Office) -> anyhow::Result<()> {
        let (queue, returned) = (self.queue.clone(), self.returned.clone());
        let (published, server) = (self.turn.published.clone(), self.turn.server);
        let body = move |ready: q3_threads::armour::workers::Ready| {
            ready.report()?;
            let publish = |table: &Table| published.publish(table);
            committer::run(office, &queue, &returned, server, publish)
        };
        workers.start("q9 commit", body).context("cannot start a thread")
    }

    /// Turn after turn until a signal asks for a stop, or the disk thread ends.
    fn serve(&mut self, signals: &Signals, workers: &mut Workers) -> anyhow::Result<()> {
        loop {
            if !self.take_turn(None)? {
                continue;
            }
            match signals.wait(Duration::ZERO)? {
                Some(Signal::SIGCHLD) => {
                    if let Some(ended) = workers.reap().first() {
                        return Err(anyhow!("{ended}, and a server without it is none: stopping"));
                    }
                }
                Some(signal) => {
                    info!("stopping on {signal}");
                    return Ok(());
                }
                None => {}
            }
        }
    }

    /// Waits until something is ready, or until `end`, and serves it; whether there is a signal.
    fn take_turn(&mut self, end: Option<Instant>) -> anyhow::Result<bool> {
        let mut events = [EpollEvent::empty(); EVENTS_MAX];
        let due = [end, self.timers.next(), self.acceptor.due()].into_iter().flatten().min();
        let ready = match self.epoll.wait(&mut events, timeout(due)) {
            Err(Errno::EINTR) => 0,
            ready => ready.context("cannot wait for connections")?,
        };
        self.turn.now = Instant::now();
        let mut is_signalled = false;
        for event in &events[..ready] {
            match event.data() {
                SIGNALS => is_signalled = true,
                RETURNED => {
                    for id in self.returned.take().context("cannot read an eventfd")? {
                        self.serve_one(id, Connection::serve);
                    }
                }
                number if number < self.acceptor.end() => {
                    self.accept(number).context("cannot watch for connections")?;
                }
                id => {
                    let gone = EpollFlags::EPOLLERR | EpollFlags::EPOLLHUP;
                    let is_gone = event.events().intersects(gone);
                    let lost = |_: &mut Connection, _: &mut Turn| Ok(Fate::Ends);
                    if is_gone {
                        self.serve_one(id, lost)
                    } else {
                        self.serve_one(id, Connection::serve)
                    }
                }
            }
        }
        self.acceptor.resume(&self.epoll, self.turn.now).context("cannot watch for connections")?;
        self.expire();
        self.queue.submit(&mut self.turn.groups);
        Ok(is_signalled)
    }

    /// Does something with a connection that is there still, and has epoll watch for what is next.
    fn serve_one(
        &mut self,
        id: u64,
        act: impl FnOnce(&mut Connection, &mut Turn) -> io::Result<Fate>,
    ) {
        // An event or an answer for a connection that is gone finds nothing: no other has its id.
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let fate = act(connection, &mut self.turn);
        let wanted = connection.wanted();
        let watched = match fate {
            Ok(Fate::Stays) if wanted != connection.interest => {
                connection.interest = wanted;
                self.epoll.modify(connection.stream(), &mut EpollEvent::new(wanted, id))
            }
            _ => Ok(()),
        };
        match fate.and_then(|fate| Ok(watched.map(|()| fate)?)) {
            Ok(Fate::Stays) => {
                let due = connection.due(self.turn.idle);
                self.timers.set(id, &mut connection.timer, due);
            }
            Ok(Fate::Ends) => {
                debug!(peer = %connection.peer(), "closed");
                self.remove(id);
            }
            Err(error) => {
                debug!(peer = %connection.peer(), "lost: {error}");
                self.remove(id);
            }
        }
    }

    /// Forgets a connection. If reservations of it are at the disk, its socket stays open until they
    /// are answered, so epoll has to be told.
    fn remove(&mut self, id: u64) {
        let Some(mut connection) = self.connections.remove(&id) else { return };
        if let Err(error) = self.epoll.delete(connection.stream()) {
            debug!("a connection was not watched: {error}");
        }
        self.timers.remove(id, &mut connection.timer);
        self.room.leave(id, connection.is_ending());
    }

    /// Looks at the connections whose time is over.
    fn expire(&mut self) {
        while let Some(id) = self.timers.pop(self.turn.now) {
            let Some(connection) = self.connections.get_mut(&id) else { continue };
            connection.timer = None;
            let due = connection.due(self.turn.idle);
            if due > self.turn.now {
                // It was asked since.
                self.timers.set(id, &mut connection.timer, due);
            } else {
                self.serve_one(id, Connection::expire);
            }
        }
    }

    /// Accepts the connections that wait at one socket.
    fn accept(&mut self, number: u64) -> io::Result<()> {
        for accepted in self.acceptor.accept(number, &self.epoll, self.turn.now)? {
            let connections = &self.connections;
            let idle_since = |id| connections.get(&id).and_then(Connection::idle_since);
            match self.room.find(accepted.1.ip(), self.turn.now, idle_since) {
                Found::Room => self.add(accepted, None),
                Found::RoomOf(other) => {
                    self.end(other, Status::Busy, self.turn.now + LEAVE_MAX);
                    self.room.tell_to_leave(other);
                    self.serve_one(other, Connection::serve);
                    self.add(accepted, None);
                }
                Found::Nothing => self.add(accepted, Some(Status::Busy)),
            }
        }
        Ok(())
    }

    /// Adds a connection, or one that is refused with this status.
    fn add(&mut self, accepted: (TcpStream, SocketAddr), refused: Option<Status>) {
        let (id, now, peer) = (self.next_id, self.turn.now, accepted.1);
        self.next_id += 1;
        let ending = refused.map(|status| Ending::refused(status, now));
        let mut connection = Connection::new(id, accepted, now, ending);
        let event = EpollEvent::new(connection.interest, id);
        if let Err(error) = self.epoll.add(connection.stream(), event) {
            return debug!(%peer, "lost: {error}");
        }
        let due = connection.due(self.turn.idle);
        self.timers.set(id, &mut connection.timer, due);
        self.connections.insert(id, connection);
        if refused.is_none() {
            return self.room.enter(id, peer.ip(), now);
        }
        if let Some(oldest) = self.room.refuse(id) {
            self.remove(oldest);
        }
        self.serve_one(id, Connection::serve);
    }

    /// Has a connection end.
    fn end(&mut self, id: u64, status: Status, until: Instant) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let now = self.turn.now;
        let was_idle = connection.idle_since().is_some_and(|since| since + IDLE_MIN <= now);
        connection.end(Ending::of(status, was_idle, until));
    }

    /// Stops: answers what was decided, tells all others that they were not served, and leaves them
    /// a moment to read it.
    fn stop(&mut self, deadline: Instant) -> anyhow::Result<()> {
        self.turn.now = Instant::now();
        let until = self.turn.now + LINGER_MAX;
        for number in LISTENERS..self.acceptor.end() {
            let waiting = self.acceptor.accept(number, &self.epoll, self.turn.now);
            for accepted in waiting.context("cannot accept connections")? {
                self.add(accepted, Some(Status::Unavailable));
            }
        }
        self.acceptor.close(&self.epoll).context("cannot close the listening sockets")?;
        for group in self.queue.close() {
            let unavailable = || Outcome::only(Status::Unavailable);
            committer::reply(&group, unavailable, self.turn.server);
        }
        let ids: Vec<u64> = self.connections.keys().copied().collect();
        for id in ids {
            self.end(id, Status::Unavailable, until);
            self.serve_one(id, Connection::serve);
        }
        let is_late = |events: &EventLoop, now| {
            now >= until && !events.connections.values().any(Connection::is_at_disk)
        };
        while !self.connections.is_empty()
            && self.turn.now < deadline
            && !is_late(self, self.turn.now)
        {
            self.take_turn(Some(deadline))?;
        }
        let late = self.connections.values().filter(|it| it.is_at_disk()).count();
        ensure!(late == 0, "{late} connections did not end in time");
        Ok(())
    }
}

/// How long epoll waits for a moment, rounded up: a wait that ends a fraction of a millisecond early
/// would be repeated at once.
fn timeout(due: Option<Instant>) -> EpollTimeout {
    let Some(due) = due else { return EpollTimeout::NONE };
    let left = due.saturating_duration_since(Instant::now()).as_micros().div_ceil(1000);
    EpollTimeout::try_from(left).unwrap_or(EpollTimeout::MAX)
}
