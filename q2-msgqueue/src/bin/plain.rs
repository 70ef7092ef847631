//! Two message queues: requests typed by what they want, replies typed by whose they are.
//!
//! Right with honest clients only. It does not survive (see `target/debug/hostile --help`):
//! - `hostile q2-msgqueue run silent 30 1`, one that never reads: 21 lists of 752 bytes fill the
//!   reply queue, both workers sleep in `msgsnd`, and SIGTERM waits for them. See
//!   `src/armour/backlog.rs`, and `sweep.rs` beside it for clients that die.
//! - `hostile q2-msgqueue run nameless 1 1`: a reply of type 0 fails, the worker ends, and so does
//!   the server. See `src/channel.rs`.
//! - `perl -e 'msgsnd(ID, pack("l! x32", 3), 0) for 1..512'` (`ipcs -q` shows the ID): no worker
//!   receives type 3, and no request has room any more. See the same file.
//! - `kill -STOP` of a worker: a stop waits for it. See `q1-pipes/src/process/workers.rs`.
//! - `kill -9` of the parent: its workers die, the queues stay, the next start says `File exists`.
//!   See `src/armour/leftovers.rs`. By hand: `ipcrm -q ID` for each queue that `run/lock` names.

use std::io::ErrorKind::Interrupted;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;
use common::booking::office::Office;
use common::program::{directory::open_file, exit, process, signals::inherit_nothing};
use common::protocol::{reply::Reply, request::Request};
use common::server::start::{self, Start};
use common::server::{lock::Lock, log, options::ServerOptions};
use nix::libc::{IPC_CREAT, IPC_EXCL};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitStatus, waitpid};
use q1_pipes::process::{fork::fork, shared::SharedTable};
use q2_msgqueue::sys::{self, Message};
use q2_msgqueue::{PACKAGE, queue::is_gone};

/// The types of requests: LIST and VIEW, RESERVE.
const CONSULTATION: i64 = 1;
const RESERVATION: i64 = 2;
const FOREVER: Duration = Duration::from_secs(u32::MAX as u64); // A wait has a limit.

fn main() -> ExitCode {
    inherit_nothing();
    exit::report("server", run(&ServerOptions::parse()))
}

/// The parent: makes the queues and the workers, waits for a signal, ends them.
fn run(options: &ServerOptions) -> Result<u8> {
    // From here on DIR is ours, the data file is read, and signals are blocked until `wait`.
    let Start { signals, mut lock, store, table } = start::open(options, PACKAGE)?;
    process::name("q2 server")?;
    let shared = SharedTable::new(&table)?;
    let office = Office::new(store, table);
    let requests = make_queue(options, b'Q', &mut lock)?;
    let replies = make_queue(options, b'R', &mut lock)?;
    let workers = [
        fork("q2 consult", || consult(requests, replies, &shared))?,
        fork("q2 reserve", || reserve(requests, replies, &shared, office))?,
    ];
    start::ready_line(PACKAGE, options.dir.display())?.print()?;

    // SIGTERM and SIGINT ask for a stop. SIGCHLD: a worker has ended, or was only stopped (Ctrl-Z).
    let all_live = || workers.iter().all(|worker| process::is_alive(worker.as_raw()));
    while signals.wait(FOREVER)? == Some(Signal::SIGCHLD) && all_live() {}
    // The workers answer what they have taken; then they find no queue any more, and leave. A client
    // that still waits for a reply when the queue of replies goes says "the outcome is unknown".
    let removed = sys::msgctl_remove(requests);
    let ended = workers.map(|worker| waitpid(worker, None));
    sys::msgctl_remove(replies).and(removed).context("cannot remove a queue")?;
    lock.forget(|_| true)?;
    for status in ended {
        match status? {
            WaitStatus::Exited(_, 0) => {}
            WaitStatus::Signaled(pid, signal, _) => bail!("worker {pid} was killed by {signal}"),
            _ => bail!("a worker has failed"),
        }
    }
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

/// The consultation worker: answers from the published table.
fn consult(requests: i32, replies: i32, shared: &SharedTable) -> Result<()> {
    let (server, mut reply) = (std::process::id() as i32, Reply::default());
    let mut message = Message::room();
    loop {
        match sys::msgrcv(requests, &mut message, CONSULTATION, 0) {
            // Ctrl-Z and fg interrupt the call. (Those of std are made again by themselves.)
            Err(error) if error.kind() == Interrupted => continue,
            // The parent has removed the queue.
            Err(error) if is_gone(&error) => return Ok(()),
            received => received?,
        }
        let request = Request::from_received(message.text());
        shared.answer(&request, server, &mut reply)?;
        message.set(request.client.into(), reply.bytes());
        sys::msgsnd(replies, &message, 0).context("cannot reply")?;
        log::answered(&request, &reply);
    }
}

/// The reservation worker: decides, makes it durable, publishes, and only then replies.
fn reserve(requests: i32, replies: i32, shared: &SharedTable, mut office: Office) -> Result<()> {
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
        shared.publish(office.table())?;
        reply.tell(&request, outcomes[0], server);
        message.set(request.client.into(), reply.bytes());
        sys::msgsnd(replies, &message, 0).context("cannot reply")?;
        log::answered(&request, &reply);
        durable.context("cannot make reservations durable")?;
    }
}
