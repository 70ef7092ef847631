//! The two workers are threads: they share the table as it is, and nobody is told of their end.
//!
//! Right with honest clients only. It does not survive (see `target/debug/hostile --help`):
//! - `hostile q3-threads run silent 30 1`: 21 unread lists fill the reply queue, `msgsnd` sleeps,
//!   nobody is answered, and SIGTERM waits for the thread. See `src/armour/workers.rs`; q2's
//!   `backlog.rs`, and `sweep.rs` for those who die.
//! - `hostile q3-threads run nameless 1 1`: a reply of type 0 fails, the server ends. See q2's
//!   `channel.rs`, also for the next one.
//! - `perl -e 'msgsnd(ID, pack("l! x32", 3), 0) for 1..512'` (`ipcs -q` shows the ID): no worker
//!   receives type 3, and no request has room any more.
//! - `kill -9`: the queues stay, the next start says `File exists`. See q2's `leftovers.rs`. By
//!   hand: `ipcrm -q ID` for each queue that `run/lock` names.

use std::io::{self, ErrorKind::Interrupted};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::{process::ExitCode, time::Duration};

use anyhow::{Context, Result, anyhow};
use clap::Parser;
use common::booking::office::Office;
use common::program::{directory::open_file, exit, process, signals::inherit_nothing};
use common::protocol::{reply::Reply, request::Request};
use common::server::start::{self, Start};
use common::server::{lock::Lock, log, options::ServerOptions};
use nix::libc::{IPC_CREAT, IPC_EXCL};
use q2_msgqueue::{queue::is_gone, sys, sys::Message};
use q3_threads::{PACKAGE, published::Published, wake::wake};

/// The types of requests: LIST and VIEW, RESERVE.
const CONSULTATION: i64 = 1;
const RESERVATION: i64 = 2;
/// A thread, and how it has ended.
type Thread = JoinHandle<Result<()>>;
const FOREVER: Duration = Duration::from_secs(u32::MAX as u64); // A wait has a limit.

fn main() -> ExitCode {
    inherit_nothing();
    exit::report("server", run(&ServerOptions::parse()))
}

/// The main thread: makes the queues and the workers, waits for a signal, ends them.
fn run(options: &ServerOptions) -> Result<u8> {
    let Start { signals, mut lock, store, table } = start::open(options, PACKAGE)?;
    process::name("q3 server")?;
    let shared = Arc::new(Published::new(&table));
    let office = Office::new(store, table);
    let requests = make_queue(options, b'Q', &mut lock)?;
    let replies = make_queue(options, b'R', &mut lock)?;
    let published = shared.clone();
    let workers = [
        spawn("q3 consult", move || consult(requests, replies, &published))?,
        spawn("q3 reserve", move || reserve(requests, replies, &shared, office))?,
    ];
    start::ready_line(PACKAGE, options.dir.display())?.print()?;

    // SIGTERM and SIGINT ask for a stop. SIGCHLD: a worker has ended.
    signals.wait(FOREVER)?;
    // The workers answer what they have taken; then they find no queue any more, and leave.
    let removed = sys::msgctl_remove(requests);
    let ended = workers.map(JoinHandle::join);
    sys::msgctl_remove(replies).and(removed).context("cannot remove a queue")?;
    lock.forget(|_| true)?;
    for result in ended {
        result.map_err(|_| anyhow!("a worker has panicked"))??;
    }
    Ok(0)
}

/// Starts a thread. The kernel tells nobody of its end: it sends the signal of a child itself.
fn spawn(name: &str, body: impl FnOnce() -> Result<()> + Send + 'static) -> io::Result<Thread> {
    Builder::new().name(name.into()).spawn(|| {
        let ended = body();
        wake();
        ended
    })
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

/// The consultation worker: answers from the published table.
fn consult(requests: i32, replies: i32, shared: &Published) -> Result<()> {
    let (server, mut reply) = (std::process::id() as i32, Reply::default());
    let mut message = Message::room();
    loop {
        match sys::msgrcv(requests, &mut message, CONSULTATION, 0) {
            // Ctrl-Z and fg interrupt the call. (Those of std are made again by themselves.)
            Err(error) if error.kind() == Interrupted => continue,
            // The main thread has removed the queue.
            Err(error) if is_gone(&error) => return Ok(()),
            received => received?,
        }
        let request = Request::from_received(message.text());
        shared.answer(&request, server, &mut reply);
        message.set(request.client.into(), reply.bytes());
        sys::msgsnd(replies, &message, 0).context("cannot reply")?;
        log::answered(&request, &reply);
    }
}

/// The reservation worker: decides, makes it durable, publishes, and only then replies.
fn reserve(requests: i32, replies: i32, shared: &Published, mut office: Office) -> Result<()> {
    let (server, mut reply) = (std::process::id() as i32, Reply::default());
    let (mut message, mut outcomes) = (Message::room(), Vec::new());
    loop {
        match sys::msgrcv(requests, &mut message, RESERVATION, 0) {
            Err(error) if error.kind() == Interrupted => continue,
            Err(error) if is_gone(&error) => return Ok(()),
            received => received?,
        }
        let request = Request::from_received(message.text());
        // A batch of one. If it is not durable, the outcome is UNAVAILABLE and the table as before.
        let durable = office.decide(&[request], &mut outcomes);
        shared.publish(office.table());
        reply.tell(&request, outcomes[0], server);
        message.set(request.client.into(), reply.bytes());
        sys::msgsnd(replies, &message, 0).context("cannot reply")?;
        log::answered(&request, &reply);
        durable.context("cannot make reservations durable")?;
    }
}
