//! A thread for every request: the next one is taken before this one is answered.
//!
//! Right with honest clients only. It does not survive (see `target/debug/hostile --help`):
//! - `hostile q4-thread-per-request run silent 2000 1`: 21 unread lists fill the reply queue, and
//!   1979 threads sleep in `msgsnd` (`ps -eL`). Nobody gets a list, SIGTERM waits, and nothing
//!   bounds the threads. See `src/armour/replies.rs`, `thread_limit.rs`, q2's `sweep.rs`.
//! - `hostile q4-thread-per-request run nameless 1 1`: the server ends. See q2's `channel.rs`.
//! - `kill -9`: the queues stay in the way. `ipcrm -q` each ID in `run/lock`; see `leftovers.rs`.

use std::sync::{Mutex, OnceLock};
use std::thread::{Builder, scope};
use std::{io::ErrorKind::Interrupted, process::ExitCode, time::Duration};

use anyhow::{Context, Error, Result, anyhow};
use clap::Parser;
use common::booking::office::Office;
use common::program::{directory::open_file, exit, process, signals::inherit_nothing};
use common::protocol::{reply::Reply, request::Request};
use common::server::start::{self, Start};
use common::server::{lock::Lock, log, options::ServerOptions};
use nix::libc::{IPC_CREAT, IPC_EXCL};
use q2_msgqueue::{queue::is_gone, sys, sys::Message};
use q3_threads::{published::Published, wake::wake};
use q4_thread_per_request::PACKAGE;

/// The type of RESERVE requests; LIST and VIEW have 1.
const RESERVATION: i64 = 2;
const FOREVER: Duration = Duration::from_secs(u32::MAX as u64); // A wait has a limit.

/// What the threads share; the failure, if there is one, is the end of the server.
struct Shared {
    replies: i32,
    published: Published,
    office: Mutex<Office>,
    failure: OnceLock<Error>,
}

fn main() -> ExitCode {
    inherit_nothing();
    exit::report("server", run(&ServerOptions::parse()))
}

/// The main thread: makes the queues and the receiver, waits for a signal, ends them.
fn run(options: &ServerOptions) -> Result<u8> {
    let Start { signals, mut lock, store, table } = start::open(options, PACKAGE)?;
    process::name("q4 server")?;
    let published = Published::new(&table);
    let office = Mutex::new(Office::new(store, table));
    let requests = make_queue(options, b'Q', &mut lock)?;
    let replies = make_queue(options, b'R', &mut lock)?;
    let shared = Shared { replies, published, office, failure: OnceLock::new() };
    // The kernel tells nobody of a thread's end: the thread itself sends SIGCHLD to its process.
    let receiver = Builder::new().name("q4 receive".into()).spawn(move || {
        let ended = serve(requests, &shared);
        wake();
        ended
    })?;
    start::ready_line(PACKAGE, options.dir.display())?.print()?;

    // SIGTERM and SIGINT ask for a stop. SIGCHLD: a thread has failed.
    signals.wait(FOREVER)?;
    // The threads answer what was taken; then the receiver finds no queue any more, and leaves.
    let removed = sys::msgctl_remove(requests);
    let ended = receiver.join();
    sys::msgctl_remove(replies).and(removed).context("cannot remove a queue")?;
    lock.forget(|_| true)?;
    ended.map_err(|_| anyhow!("a thread has panicked"))??;
    Ok(0)
}

/// Makes a queue. It outlives its processes: the lock file says whose it is.
fn make_queue(options: &ServerOptions, project: u8, lock: &mut Lock) -> Result<i32> {
    let key_file = options.dir.join("queue.key");
    open_file(&key_file, true)?;
    let key = sys::ftok(&key_file, project)?;
    let queue = sys::msgget(key, IPC_CREAT | IPC_EXCL | 0o600)
        .with_context(|| format!("cannot make the queue with key {key:#010x} (see ipcs -q)"))?;
    lock.record(format!("queue {key:#010x} id {queue}"))?;
    Ok(queue)
}

/// The receiver: takes the oldest request of any type, starts a thread for it, takes the next.
fn serve(requests: i32, shared: &Shared) -> Result<()> {
    let mut message = Message::room();
    // Nobody keeps a handle of each thread: the scope waits at its end until none is left.
    scope(|threads| {
        loop {
            match sys::msgrcv(requests, &mut message, 0, 0) {
                // Ctrl-Z and fg interrupt the call. (Those of std are made again by themselves.)
                Err(error) if error.kind() == Interrupted => continue,
                // The main thread has removed the queue.
                Err(error) if is_gone(&error) => return anyhow::Ok(()),
                received => received?,
            }
            let thread = Builder::new().name("q4 request".into());
            let life = move || answer(message, shared);
            thread.spawn_scoped(threads, life).context("cannot start a thread")?;
        }
    })?;
    shared.failure.get().map_or(Ok(()), |error| Err(anyhow!("{error:#}")))
}

/// A request's thread: one request, one reply.
fn answer(mut message: Message, shared: &Shared) {
    let (server, mut reply) = (std::process::id() as i32, Reply::default());
    let request = Request::from_received(message.text());
    if message.mtype == RESERVATION {
        // One at a time decides, makes it durable, publishes; replies come after that.
        let mut outcomes = Vec::new();
        let mut office = shared.office.lock().expect("no thread panics with the lock");
        // A batch of one. If it is not durable, the outcome is UNAVAILABLE and the table as before.
        if let Err(error) = office.decide(&[request], &mut outcomes) {
            let error = Error::new(error).context("cannot make reservations durable");
            let _ = shared.failure.set(error);
        }
        shared.published.publish(office.table());
        reply.tell(&request, outcomes[0], server);
    } else {
        shared.published.answer(&request, server, &mut reply);
    }
    message.set(request.client.into(), reply.bytes());
    if let Err(error) = sys::msgsnd(shared.replies, &message, 0) {
        let _ = shared.failure.set(Error::new(error).context("cannot reply"));
    }
    log::answered(&request, &reply);
    if shared.failure.get().is_some() {
        wake();
    }
}
