//! A connection for each client, from any machine, and a thread for each connection.
//!
//! Right with honest clients only. It does not survive (in bash; `A` is `/dev/tcp/127.0.0.1/5000`):
//! - `perl -e 'print "SPC1", pack("lql4", -1, 0, 3, 1, 9, 0)' > $A`: 9 seats are sold to client -1.
//!   See `src/framing.rs`.
//! - `(printf SPC1; sleep 999) > $A`, half a request: a thread waits as long as `--idle-timeout`
//!   says, and longer with every byte. See `src/armour/deadline.rs`.
//! - `perl -e 'print "SPC1", pack("lql4", 7, 0, 1, 0, 0, 0) for 1..9**6; sleep 999' > $A`, one who
//!   never reads: a thread sleeps in `send` for ever. See the same file.
//! - `ulimit -n 20` before its start, then `for i in {1..20}; do sleep 9 > $A & done`: `accept` has
//!   no descriptor, and the server ends. See `src/armour/listeners.rs`, and `registry.rs` for
//!   `--max-connections`, which has no effect here.
//! - `head -c 3200 /dev/zero > $A`: told 100 times that this is no request. See `src/framing.rs`.
//! - SIGTERM while many reserve: some get no answer. See `src/armour/lingering_close.rs`.
//!
//! `kill -9` leaves nothing behind: the kernel closes the sockets.

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
use q5_sockets::{PACKAGE, options::ServerOptions};

const FOREVER: Duration = Duration::from_secs(u32::MAX as u64); // A wait has a limit.

/// What the threads share; the failure, if there is one, is the end of the server.
struct Shared {
    published: Published,
    office: Mutex<Office>,
    failure: OnceLock<Error>,
}

fn main() -> ExitCode {
    inherit_nothing();
    exit::report("server", run(&ServerOptions::parse()))
}

/// The main thread: makes the acceptors, waits for a signal, ends the process.
fn run(options: &ServerOptions) -> Result<u8> {
    let Start { signals, lock: _lock, store, table } = start::open(&options.common, PACKAGE)?;
    process::name("q5 server")?;
    let published = Published::new(&table);
    let office = Mutex::new(Office::new(store, table));
    let shared = Arc::new(Shared { published, office, failure: OnceLock::new() });
    let bind =
        |address| TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"));
    let listeners = options.listen.iter().map(bind).collect::<Result<Vec<_>>>()?;
    let address = listeners[0].local_addr()?;
    for listener in listeners {
        let (handle, idle) = (shared.clone(), options.idle_timeout);
        // The kernel tells nobody of a thread's end: it sends the signal of a child itself.
        Builder::new().name("q5 accept".into()).spawn(move || {
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
        let shared = shared.clone();
        let thread = Builder::new().name("q5 connection".into());
        thread.spawn(move || answer(stream, &shared)).context("cannot start a thread")?;
    }
}

/// A connection's thread: any number of requests, one after the other, until the client closes.
fn answer(mut stream: TcpStream, shared: &Shared) {
    let (server, mut reply) = (std::process::id() as i32, Reply::default());
    let mut bytes = [0; REQUEST_SIZE];
    while stream.read_exact(&mut bytes).is_ok() {
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
        let _ = stream.write_all(reply.bytes());
        log::answered(&request, &reply);
        if shared.failure.get().is_some() {
            wake();
        }
    }
}
