//! The server: one thread that waits for all connections at once, and serves those that are ready;
//! and one that waits for the disk.

use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, ensure};
use common::booking::office::Office;
use common::booking::table::Table;
use common::program::process;
use common::program::signals::Signals;
use common::protocol::reply::Status;
use common::server::leftovers;
use common::server::start::{self, Start};
use nix::errno::Errno;
use nix::sys::epoll::{EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::signal::Signal;
use q3_threads::armour::workers::Workers;
use q3_threads::published::Published;
use q5_sockets::armour::listeners::descriptors_for;
use tracing::info;

use crate::PACKAGE;
use crate::armour::acceptor::Acceptor;
use crate::armour::registry::Registry;
use crate::channel::Connection;
use crate::commit_queue::CommitQueue;
use crate::committer;
use crate::options::ServerOptions;
use crate::returned::Returned;
use crate::turn::Turn;

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
    // Woken up by the first of many replies, the loop would take one request at a time.
    process::never_preempt().context("cannot set the scheduling policy")?;
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
    registry: Registry,
    acceptor: Acceptor,
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
        let count = u64::try_from(options.listen.len()).unwrap_or_default();
        let mut registry = Registry::new(LISTENERS + count).context("cannot open epoll")?;
        let acceptor = Acceptor::open(&options.listen, &registry.epoll, LISTENERS)?;
        let room = descriptors_for(options.max_connections).context("cannot set RLIMIT_NOFILE")?;
        registry.set_room(room);
        let returned = Arc::new(Returned::new().context("cannot open an eventfd")?);
        let readable = |number| EpollEvent::new(EpollFlags::EPOLLIN, number);
        registry.epoll.add(signals, readable(SIGNALS)).context("cannot watch signals")?;
        registry.epoll.add(&*returned, readable(RETURNED)).context("cannot watch an eventfd")?;
        let published = Arc::new(Published::new(table));
        Ok(EventLoop {
            registry,
            acceptor,
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
        let due = [end, self.registry.due(), self.acceptor.due()].into_iter().flatten().min();
        let ready = match self.registry.epoll.wait(&mut events, timeout(due)) {
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
                        self.registry.serve(id, &mut self.turn, Connection::serve);
                    }
                }
                number if number < self.acceptor.end() => self.accept(number)?,
                id if event.events().intersects(EpollFlags::EPOLLERR | EpollFlags::EPOLLHUP) => {
                    self.registry.remove(id);
                }
                id => self.registry.serve(id, &mut self.turn, Connection::serve),
            }
        }
        self.acceptor
            .resume(&self.registry.epoll, self.turn.now)
            .context("cannot watch for connections")?;
        self.registry.expire(&mut self.turn);
        self.queue.submit(&mut self.turn.groups);
        // After a failed sync nobody takes them.
        for group in self.turn.groups.drain(..) {
            committer::reply(&group, committer::unavailable, self.turn.server);
        }
        Ok(is_signalled)
    }

    /// Takes the connections that wait at one socket.
    fn accept(&mut self, number: u64) -> anyhow::Result<()> {
        let accepted = self.acceptor.accept(number, &self.registry.epoll, self.turn.now);
        for accepted in accepted.context("cannot watch for connections")? {
            self.registry.take(accepted, &mut self.turn);
        }
        Ok(())
    }

    /// Stops: answers what was decided, tells all others that they were not served, and leaves them
    /// a moment to read it.
    fn stop(&mut self, deadline: Instant) -> anyhow::Result<()> {
        self.turn.now = Instant::now();
        let until = self.turn.now + LINGER_MAX;
        for number in LISTENERS..self.acceptor.end() {
            let waiting = self.acceptor.accept(number, &self.registry.epoll, self.turn.now);
            for accepted in waiting.context("cannot accept connections")? {
                self.registry.add(accepted, Some(Status::Unavailable), &mut self.turn);
            }
        }
        self.acceptor.close(&self.registry.epoll).context("cannot close the listening sockets")?;
        // These are not decided, and the last word says so.
        for group in self.queue.close() {
            group.half.give_back(&[]);
        }
        for id in self.registry.ids() {
            self.registry.end(id, Status::Unavailable, until, &mut self.turn);
        }
        while self.turn.now < deadline && !self.registry.is_empty() {
            if self.turn.now >= until && self.registry.at_disk() == 0 {
                break;
            }
            self.take_turn(Some(if self.turn.now < until { until } else { deadline }))?;
        }
        let late = self.registry.at_disk();
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
