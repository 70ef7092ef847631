//! The server over TCP: a thread that accepts every connection, and for each of them a thread that
//! answers its requests.

use std::io;
use std::mem::ManuallyDrop;
use std::net::{SocketAddr, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, ensure};
use common::booking::{office::Office, table::Table};
use common::program::{process, signals::Signals};
use common::protocol::reply::{Reply, Status};
use common::protocol::request::Request;
use common::server::start::{self, Start};
use common::server::{leftovers, log};
use nix::sys::signal::Signal;
use q3_threads::{armour::workers::Workers, published::Published};
use q4_thread_per_request::commit_queue::{CAPACITY, commit_queue};
use q4_thread_per_request::{committer, sys::DetachedThreads};
use tracing::{debug, info, warn};

use crate::PACKAGE;
use crate::answers::{self, SharedState};
use crate::armour::closing::Closing;
use crate::armour::deadline::Deadline;
use crate::armour::lingering_close::{close, for_connection, give_up, hang_up};
use crate::armour::listeners::{BACKLOG, Listeners, descriptors_for};
use crate::armour::refused::{Accept, Refused};
use crate::armour::registry::{Member, Registry};
use crate::channel::{Connection, Incoming, REQUEST_TIME};
use crate::options::ServerOptions;
use crate::stream::{Plain, Tcp};

/// How long the main thread waits for a signal at most. Nothing depends on it.
const WATCH_INTERVAL: Duration = Duration::from_secs(3600);
/// How long a stop takes requests that have arrived.
const ANSWER_MAX: Duration = Duration::from_millis(500);
/// How long the threads may take to answer them, on a disk that is slow too.
const STOP_MAX: Duration = Duration::from_millis(1700);

/// Serves until SIGTERM or SIGINT; returns the exit status.
///
/// # Errors
/// If the server cannot start, or a part of it ends although nobody asked it to.
pub fn run(options: &ServerOptions) -> anyhow::Result<u8> {
    let Start { signals, lock, store, table } = start::open(&options.common, PACKAGE)?;
    // A thread may write until the process ends, so the lock must not be released by this function.
    let mut lock = ManuallyDrop::new(lock);
    leftovers::remove(&options.common.dir, &mut lock)?;
    process::name("q5 server").context("cannot name the process")?;
    let listeners = Listeners::open(&options.listen, BACKLOG)?;
    let address = listeners.addresses().context("cannot tell the address")?[0];
    let service =
        Service::new("q5 connection", listeners, options.max_connections, options.idle_timeout)?;
    let state = Arc::new(SharedState { published: Published::new(&table), server: service.server });
    let (queue, batches) = commit_queue(CAPACITY);
    let mut workers = Workers::new();
    let office = Office::new(store, table);
    let shared = state.clone();
    let publish = move |table: &Table| shared.published.publish(table);
    committer::start(&mut workers, "q5 commit", office, batches, publish)?;
    let shared = service.clone();
    workers
        .start("q5 accept", move |ready| {
            ready.report()?;
            let answer = move |connection: &mut Connection, request| {
                answers::answer(&state, &queue, connection, request)
            };
            shared.serve(&Arc::new(Plain), || {}, answer)
        })
        .context("cannot start a thread")?;
    workers.wait_ready()?;
    start::ready_line(PACKAGE, address)?.print()?;
    let watched = watch(&signals, &mut workers);
    let stopped = service.stop(&signals, &mut workers, ANSWER_MAX, STOP_MAX);
    watched.and(stopped).map(|()| 0)
}

/// What a service calls for each request.
type Answer<S> = dyn Fn(&mut Connection<S>, Request) -> io::Result<()> + Send + Sync;

/// A thread that accepts connections, and a thread for each of them.
#[derive(Debug)]
pub struct Service {
    listeners: Listeners,
    registry: Arc<Registry>,
    threads: DetachedThreads,
    idle: Duration,
    server: i32,
}

impl Service {
    /// A service on these sockets. The threads of connections show as `name` in `ps -L`, and a
    /// connection is closed when it was `idle` for so long. Replies carry the calling process's PID.
    ///
    /// # Errors
    /// Of setrlimit and pthread_attr_init. See getrlimit(2).
    pub fn new(
        name: &'static str,
        listeners: Listeners,
        max_connections: usize,
        idle: Duration,
    ) -> anyhow::Result<Arc<Service>> {
        let room = descriptors_for(max_connections).context("cannot set RLIMIT_NOFILE")?;
        Ok(Arc::new(Service {
            listeners,
            registry: Arc::new(Registry::new(room)),
            threads: DetachedThreads::new(name).context("cannot prepare threads")?,
            idle,
            server: std::process::id() as i32,
        }))
    }

    /// The accepting thread: accepts every connection, the oldest first, and starts its thread,
    /// which opens the layer, and calls `answer` for each request. For each connection it calls
    /// `accepted` first.
    ///
    /// This thread and those of the connections share `answer`. What it owns is dropped with the
    /// last of them: for example the commit queue, and so the committer ends.
    ///
    /// # Errors
    /// ENOMEM. See poll(2).
    pub fn serve<L: Accept>(
        self: &Arc<Service>,
        layer: &Arc<L>,
        accepted: impl Fn(),
        answer: impl Fn(&mut Connection<L::Stream>, Request) -> io::Result<()> + Send + Sync + 'static,
    ) -> anyhow::Result<()> {
        let answer: Arc<Answer<L::Stream>> = Arc::new(answer);
        let mut refused = Refused::default();
        while let Some((stream, peer)) = self.listeners.accept(&mut refused)? {
            accepted();
            self.start_thread(layer, &answer, Arc::new(stream), peer, &mut refused);
        }
        refused.finish()?;
        if refused.count() > 0 {
            info!(refused = refused.count(), "connections found no room");
        }
        Ok(())
    }

    /// Starts the thread of a connection, or refuses the connection with BUSY.
    fn start_thread<L: Accept>(
        self: &Arc<Service>,
        layer: &Arc<L>,
        answer: &Arc<Answer<L::Stream>>,
        stream: Arc<TcpStream>,
        peer: SocketAddr,
        refused: &mut Refused,
    ) {
        let member = match self.registry.register(&stream, peer.ip()) {
            Ok(member) => member,
            Err(why) => return layer.refuse(stream, &for_connection(why, self.server), refused),
        };
        let service = self.clone();
        let (layer_of_thread, answer) = (layer.clone(), answer.clone());
        let handle = stream.clone();
        let started = self.threads.start(move || {
            log::add_field("peer", peer);
            let body = || service.answer_all(&*layer_of_thread, handle, &member, &*answer);
            let body = AssertUnwindSafe(body);
            match catch_unwind(body) {
                Ok(Ok(())) => debug!("closed"),
                Ok(Err(error)) => debug!("lost: {error}"),
                Err(_) => warn!("a panic has cost this connection"),
            }
        });
        if let Err(error) = started {
            warn!("cannot start a thread: {error}");
            layer.refuse(stream, &for_connection(Status::Busy, self.server), refused);
        }
    }

    /// The thread of a connection: any number of requests, answered in order. How it ends if we end
    /// it: see [`Closing`].
    fn answer_all<L: Accept>(
        &self,
        layer: &L,
        stream: Arc<TcpStream>,
        member: &Member,
        answer: &Answer<L::Stream>,
    ) -> io::Result<()> {
        let mut now = Instant::now();
        let deadline = Deadline::new(now, now + REQUEST_TIME);
        let stream = layer.open(Tcp::new(stream, self.idle)?, deadline)?;
        let mut connection = Connection::over(stream, self.idle, member.end());
        while connection.may_take(now)? {
            match connection.receive(now)? {
                Incoming::Request(request) => {
                    member.set_busy();
                    let answered = answer(&mut connection, request);
                    now = Instant::now();
                    member.set_idle(now);
                    answered.or_else(|error| give_up(&mut connection, error))?;
                }
                Incoming::Garbage(request) => {
                    let reply = Reply::new(&request, Status::BadRequest, self.server);
                    let sent = connection.reply(&reply);
                    log::answered(&request, &reply);
                    return sent.and_then(|()| hang_up(&mut connection));
                }
                Incoming::Idle | Incoming::Closed => break,
            }
        }
        close(connection, member, self.server)
    }

    /// Stops the service: nobody can connect any more, and each connection is ended as [`Closing`]
    /// says. Until `answer_max` what has arrived is taken; after `stop_max` it is an error.
    ///
    /// # Errors
    /// If a thread does not end in time.
    pub fn stop(
        &self,
        signals: &Signals,
        workers: &mut Workers,
        answer_max: Duration,
        stop_max: Duration,
    ) -> anyhow::Result<()> {
        let deadline = Instant::now() + stop_max;
        self.registry.stop(Closing::of_stop(answer_max, stop_max));
        self.listeners.close().context("cannot close the listening sockets")?;
        let late = self.registry.wait_empty(deadline);
        workers.wait_end(signals, deadline)?;
        ensure!(late == 0, "{late} connections did not end in time");
        Ok(())
    }
}

/// The main thread: waits for a signal to stop, or for the end of a thread that must not end.
fn watch(signals: &Signals, workers: &mut Workers) -> anyhow::Result<()> {
    loop {
        match signals.wait(WATCH_INTERVAL)? {
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
