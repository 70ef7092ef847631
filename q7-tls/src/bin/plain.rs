//! The sockets of q5, encrypted: a blocking TLS 1.3 exchange, and a thread for each connection.
//!
//! Right with honest clients only. Beside what q5's plain server does not survive, this one lacks
//! (in bash; `A` is `/dev/tcp/127.0.0.1/5443`):
//! - `(printf '\26\3\1\2\0'; sleep 999) > $A`, half a handshake: a thread waits as long as
//!   `--idle-timeout` says, and longer with every byte. See `src/server.rs` for the deadline.
//! - `for i in {1..999}; do sleep 9 > $A & done`: each has a thread, and keeps it. See
//!   `src/armour/handshakes.rs`.
//! - A flood of handshakes, each of which takes far more processor time than a request:
//!   nobody else is served. See `src/armour/gate.rs`.
//! - `openssl s_client -tls1_2 -connect 127.0.0.1:5443`: the server says nothing about it. See
//!   `src/armour/refusal.rs`.
//! - A client that sends on after the server has refused it: a reset destroys the alert, and the
//!   client cannot tell why. See `refuse` in `src/server.rs`.
//! - A client that never reads: a thread sleeps in `writev` for ever. See `src/channel.rs`.
//! - SIGHUP: it reads no certificate anew. See `src/credentials.rs`.
//!
//! `kill -9` leaves nothing behind but the certificate for trial in DIR/tls.

use std::io::{Read, Write};
use std::mem::forget;
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::Builder;
use std::time::Duration;

use anyhow::{Context, Error, Result, anyhow};
use clap::Parser;
use common::booking::office::Office;
use common::program::{exit, process, signals::inherit_nothing};
use common::protocol::reply::Reply;
use common::protocol::request::{Kind, REQUEST_SIZE, Request};
use common::server::log;
use common::server::start::{self, Start};
use q3_threads::{published::Published, wake::wake};
use q7_tls::credentials::ServerCredentials;
use q7_tls::named::client_name;
use q7_tls::{PACKAGE, options::ServerOptions};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

const FOREVER: Duration = Duration::from_secs(u32::MAX as u64); // A wait has a limit.

/// What the threads share; the failure, if there is one, is the end of the server.
struct Shared {
    published: Published,
    office: Mutex<Office>,
    failure: OnceLock<Error>,
    /// The certificate that clients are shown, and the authority of theirs.
    config: Arc<ServerConfig>,
}

fn main() -> ExitCode {
    inherit_nothing();
    exit::report("server", run(&ServerOptions::parse()))
}

/// The main thread: makes the acceptors, waits for a signal, ends the process.
fn run(options: &ServerOptions) -> Result<u8> {
    let Start { signals, lock: _lock, store, table } = start::open(&options.common, PACKAGE)?;
    process::name("q7 server")?;
    let config = ServerCredentials::open(options)?.current();
    let published = Published::new(&table);
    let office = Mutex::new(Office::new(store, table));
    let shared = Arc::new(Shared { published, office, failure: OnceLock::new(), config });
    let bind =
        |address| TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"));
    let listeners = options.listen.iter().map(bind).collect::<Result<Vec<_>>>()?;
    let address = listeners[0].local_addr()?;
    for listener in listeners {
        let (handle, idle) = (shared.clone(), options.idle_timeout);
        // The kernel tells nobody of a thread's end: it sends the signal of a child itself.
        Builder::new().name("q7 accept".into()).spawn(move || {
            if let Err(error) = serve(&listener, idle, &handle) {
                let _ = handle.failure.set(error);
                wake();
            }
        })?;
    }
    start::ready_line(PACKAGE, address)?.print()?;

    // SIGTERM and SIGINT ask for a stop. SIGCHLD: a thread has failed.
    signals.wait(FOREVER)?;
    // Clients may stay for hours, so nobody waits for the threads: they end with the process. What
    // is being written is finished first, and nobody writes after that.
    forget(shared.office.lock());
    shared.failure.get().map_or(Ok(0), |error| Err(anyhow!("{error:#}")))
}

/// An acceptor: takes the oldest connection, starts a thread for it, takes the next.
fn serve(listener: &TcpListener, idle: Duration, shared: &Arc<Shared>) -> Result<()> {
    loop {
        let (stream, _) = listener.accept().context("cannot accept a connection")?;
        stream.set_read_timeout(Some(idle))?;
        // A reply must not wait for the acknowledgement of the ticket that was sent before it.
        stream.set_nodelay(true)?;
        let shared = shared.clone();
        let thread = Builder::new().name("q7 connection".into());
        thread.spawn(move || answer(stream, &shared)).context("cannot start a thread")?;
    }
}

/// A connection's thread: a handshake, then any number of requests, one after the other, until the
/// client closes.
fn answer(stream: TcpStream, shared: &Shared) {
    let (server, mut reply) = (std::process::id() as i32, Reply::default());
    let mut bytes = [0; REQUEST_SIZE];
    let Ok(tls) = ServerConnection::new(shared.config.clone()) else { return };
    // The first read shakes hands.
    let mut stream = StreamOwned::new(tls, stream);
    let mut is_known = false;
    while stream.read_exact(&mut bytes).is_ok() {
        if !is_known && let Some(name) = client_name(stream.conn.peer_certificates()) {
            log::add_field("user", name);
        }
        is_known = true;
        let request = Request::from_received(&bytes);
        // A connection has no types and no places: the request says what it is.
        if request.kind() == Some(Kind::Reserve) {
            // One at a time decides, makes it durable, publishes; replies come after that.
            let mut outcomes = Vec::new();
            let mut office = shared.office.lock().expect("no thread panics with the lock");
            // A batch of one. If it is not durable, the outcome is UNAVAILABLE and the table
            // as before.
            if let Err(error) = office.decide(&[request], &mut outcomes) {
                let error = Error::new(error).context("cannot make reservations durable");
                let _ = shared.failure.set(error);
            }
            shared.published.publish(office.table());
            reply.tell(&request, outcomes[0], server);
        } else {
            shared.published.answer(&request, server, &mut reply);
        }
        // A client that is gone costs nobody anything; the next read tells.
        let _ = stream.write_all(reply.bytes()).and_then(|()| stream.flush());
        log::answered(&request, &reply);
        if shared.failure.get().is_some() {
            wake();
        }
    }
    // Without it the client could not tell an end from a cut cable.
    stream.conn.send_close_notify();
    let _ = stream.flush();
}
