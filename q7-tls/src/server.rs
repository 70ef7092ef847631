//! The server over TLS: q5's server, whose connections begin with a handshake.

use std::io;
use std::mem::ManuallyDrop;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use common::booking::office::Office;
use common::booking::table::Table;
use common::program::process;
use common::program::signals::Signals;
use common::protocol::reply::Reply;
use common::server::leftovers;
use common::server::log;
use common::server::start::{self, Start};
use nix::sys::signal::Signal;
use q3_threads::armour::workers::Workers;
use q3_threads::published::Published;
use q4_thread_per_request::commit_queue::{CAPACITY, commit_queue};
use q4_thread_per_request::committer;
use q4_thread_per_request::sys::DetachedThreads;
use q5_sockets::answers::{self, SharedState};
use q5_sockets::armour::closing::End;
use q5_sockets::armour::deadline::Deadline;
use q5_sockets::armour::lingering_close::hang_up;
use q5_sockets::armour::listeners::{BACKLOG, Listeners};
use q5_sockets::armour::refused::{Accept, Refused};
use q5_sockets::channel::{Connection, REQUEST_TIME};
use q5_sockets::server::Service;
use q5_sockets::stream::{Layer, Stream, Tcp};
use rustls::ServerConnection;
use tracing::{debug, info, warn};

use crate::PACKAGE;
use crate::armour::gate::Gate;
use crate::armour::handshakes::Handshakes;
use crate::armour::turned_away::{NO_ROOM, TurnedAway};
use crate::channel::Tls;
use crate::credentials::ServerCredentials;
use crate::named::client_name;
use crate::options::ServerOptions;

/// How long the main thread waits for a signal at most. Nothing depends on it.
const WATCH_INTERVAL: Duration = Duration::from_secs(3600);
/// How long a stop takes requests that have arrived.
const ANSWER_MAX: Duration = Duration::from_millis(500);
/// How long the threads may take to answer them, on a disk that is slow too.
const STOP_MAX: Duration = Duration::from_millis(1700);
/// Handshakes that are computed at the same time; see [`Gate`].
const COMPUTING_MAX: usize = 32;
/// How long a client that was refused has to read why.
const LINGER_MAX: Duration = Duration::from_millis(500);

/// What SIGHUP reads anew: a handler of signals takes nothing along.
static CREDENTIALS: OnceLock<Arc<ServerCredentials>> = OnceLock::new();

/// Serves until SIGTERM or SIGINT; returns the exit status.
///
/// # Errors
/// If the server cannot start, or a part of it ends although nobody asked it to.
pub fn run(options: &ServerOptions) -> anyhow::Result<u8> {
    let Start { signals, lock, store, table } =
        start::open_with(&options.common, PACKAGE, Some(reload))?;
    // A thread may write until the process ends, so the lock must not be released by this function.
    let mut lock = ManuallyDrop::new(lock);
    leftovers::remove(&options.common.dir, &mut lock)?;
    process::name("q7 server").context("cannot name the process")?;
    let credentials = Arc::new(ServerCredentials::open(options)?);
    let layer = Arc::new(ServerLayer::new(credentials.clone())?);
    CREDENTIALS.get_or_init(|| credentials);
    let anybody = "whoever reaches the port can reserve: --client-ca asks who it is";
    let warning = options.client_ca.is_none().then_some(anybody);
    let listeners = Listeners::open_with(&options.listen, BACKLOG, warning)?;
    let address = listeners.addresses().context("cannot tell the address")?[0];
    let service =
        Service::new("q7 connection", listeners, options.max_connections, options.idle_timeout)?;
    let server = std::process::id() as i32;
    let state = Arc::new(SharedState { published: Published::new(&table), server });
    let (queue, batches) = commit_queue(CAPACITY);
    let mut workers = Workers::new();
    let office = Office::new(store, table);
    let shared = state.clone();
    let publish = move |table: &Table| shared.published.publish(table);
    committer::start(&mut workers, "q7 commit", office, batches, publish)?;
    let (shared, shared_layer) = (service.clone(), layer.clone());
    workers
        .start("q7 accept", move |ready| {
            ready.report()?;
            let answer = move |connection: &mut Connection<Tls>, request| {
                answers::answer(&state, &queue, connection, request)
            };
            shared.serve(&shared_layer, || {}, answer)
        })
        .context("cannot start a thread")?;
    workers.wait_ready()?;
    start::ready_line(PACKAGE, address)?.print()?;
    let watched = watch(&signals, &mut workers);
    let stopped = service.stop(&signals, &mut workers, ANSWER_MAX, STOP_MAX);
    layer.turned_away.finish();
    watched.and(stopped)?;
    Ok(0)
}

/// SIGHUP: somebody has renamed the log file, or renewed a certificate.
fn reload() {
    log::reopen();
    if let Some(credentials) = CREDENTIALS.get() {
        credentials.reload();
    }
}

/// TLS over the server's connections.
#[derive(Debug)]
pub struct ServerLayer {
    credentials: Arc<ServerCredentials>,
    gate: Gate,
    handshakes: Handshakes,
    turned_away: TurnedAway,
    threads: DetachedThreads,
}

impl ServerLayer {
    /// No handshake yet.
    ///
    /// # Errors
    /// ENOMEM. See pthread_attr_init(3).
    pub fn new(credentials: Arc<ServerCredentials>) -> anyhow::Result<ServerLayer> {
        Ok(ServerLayer {
            credentials,
            gate: Gate::new(COMPUTING_MAX),
            handshakes: Handshakes::default(),
            turned_away: TurnedAway::default(),
            threads: DetachedThreads::new("q7 busy").context("cannot prepare threads")?,
        })
    }

    /// Tells a client that there is no room for it, as q5 does, over TLS.
    fn tell(&self, stream: Arc<TcpStream>, reply: &Reply) -> io::Result<()> {
        let tcp = Tcp::new(stream, REQUEST_TIME)?;
        let tls = self.open(tcp, Deadline::after(REQUEST_TIME))?;
        let mut connection = Connection::over(tls, REQUEST_TIME, End::default());
        connection.reply(reply)?;
        hang_up(&mut connection)
    }
}

impl Layer for ServerLayer {
    type Stream = Tls;

    fn open(&self, mut tcp: Tcp, deadline: Deadline) -> io::Result<Tls> {
        // One that says nothing is no handshake, and takes nobody's place.
        tcp.wait_for_bytes(deadline).inspect_err(log_refusal)?;
        let left = deadline.end().saturating_duration_since(Instant::now());
        let place = self.handshakes.begin(tcp.socket());
        // Whoever had to wait for a place has as much time after that.
        let deadline = Deadline::after(left);
        let connection = ServerConnection::new(self.credentials.current());
        let mut tls = Tls::new(tcp, connection.map_err(io::Error::other)?);
        let agreed = tls.handshake(deadline, |compute| self.gate.pass(compute));
        drop(place);
        if let Err(error) = agreed {
            return Err(refuse(&mut tls, error));
        }
        if let Some(name) = client_name(tls.state().peer_certificates()) {
            log::add_field("user", name);
        }
        Ok(tls)
    }
}

impl Accept for ServerLayer {
    fn refuse(self: &Arc<Self>, stream: Arc<TcpStream>, reply: &Reply, refused: &mut Refused) {
        let Some(permit) = self.turned_away.acquire() else {
            return refused.add(stream, &NO_ROOM);
        };
        let (layer, reply, handle) = (self.clone(), *reply, stream.clone());
        let started = self.threads.start(move || {
            let _permit = permit;
            if let Err(error) = layer.tell(handle, &reply) {
                debug!("a refused connection is gone: {error}");
            }
        });
        match started {
            Ok(()) => refused.count_one(),
            Err(error) => {
                warn!("cannot start a thread: {error}");
                refused.add(stream, &NO_ROOM);
            }
        }
    }
}

/// Why there is no handshake.
fn log_refusal(error: &io::Error) {
    match error.kind() {
        io::ErrorKind::InvalidData => info!("refused: {error}"),
        io::ErrorKind::TimedOut => {
            info!("refused: no handshake within {} s", REQUEST_TIME.as_secs());
        }
        _ => debug!("no handshake: {error}"),
    }
}

/// Says why there is no handshake, and leaves the client time to read the alert: a close over bytes
/// that it has sent meanwhile would destroy it.
fn refuse(tls: &mut Tls, error: io::Error) -> io::Error {
    log_refusal(&error);
    let linger = || -> io::Result<()> {
        let tcp = tls.tcp_mut();
        tcp.socket().shutdown(Shutdown::Write)?;
        let deadline = Instant::now() + LINGER_MAX;
        while tcp.read(&mut [0; 512], Deadline::at(deadline))? > 0 {}
        Ok(())
    };
    if let Err(error) = { linger }() {
        debug!("a refused connection is gone: {error}");
    }
    error
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
