//! The server over message queues: a main thread that waits for signals, and two threads that
//! receive by type.

use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use common::booking::office::Office;
use common::program::process;
use common::program::signals::Signals;
use common::protocol::reply::Reply;
use common::server::log;
use common::server::options::ServerOptions;
use common::server::start::{self, Start};
use nix::sys::signal::Signal;
use q1_pipes::armour::ticks::Ticks;
use q2_msgqueue::armour::backlog::Backlog;
use q2_msgqueue::armour::sweep::Sweeper;
use q2_msgqueue::channel::{Channel, Incoming, RequestClass};
use tracing::info;

use crate::PACKAGE;
use crate::armour::workers::{Ready, Workers};
use crate::published::Published;

/// How often the main thread removes the replies to dead clients from the queue.
const TIDY_INTERVAL: Duration = Duration::from_millis(250);
/// How long the workers may take to answer what they have taken.
const STOP_MAX: Duration = Duration::from_millis(1200);
/// How long the queue stays for clients that have not read their replies.
const UNREAD_MAX: Duration = Duration::from_millis(500);
/// How often to check whether they have; the kernel sends no event.
const UNREAD_POLL: Duration = Duration::from_millis(5);

/// Serves until SIGTERM or SIGINT; returns the exit status.
///
/// # Errors
/// If the server cannot start, or a worker ends before it is asked to.
pub fn run(options: &ServerOptions) -> anyhow::Result<u8> {
    let Start { signals, lock, store, table } = start::open(options, PACKAGE)?;
    // Never unlocked: a thread that does not stop in time may still write until the process ends.
    let mut lock = ManuallyDrop::new(lock);
    process::name("q3 server").context("cannot name the process")?;
    let mut channel = Channel::create(&options.dir, &mut lock)?;
    let published = Arc::new(Published::new(&table));
    // Both remember the capacity of the request queue, so they are made before a worker can limit it.
    let make_backlog = || Backlog::new(&channel).context("cannot read the request queue's state");
    let consult_backlog = make_backlog()?;
    let reserve_backlog = make_backlog()?;
    let mut workers = Workers::new();
    let handle = channel.handle();
    let shared = Arc::clone(&published);
    workers
        .start("q3 consult", move |ready| consult(&handle, &shared, consult_backlog, ready))
        .context("cannot start a thread")?;
    let handle = channel.handle();
    workers
        .start("q3 reserve", move |ready| {
            let office = Office::new(store, table);
            reserve(&handle, &published, office, reserve_backlog, ready)
        })
        .context("cannot start a thread")?;
    workers.wait_ready()?;
    start::ready_line(PACKAGE, options.dir.display())?.print()?;
    let sweeper = Sweeper::new(&channel.replies).context("cannot read the reply queue")?;
    let watched = watch(&signals, &mut workers, &channel, &sweeper);
    let stopped = stop(&signals, &mut workers, &mut channel, &sweeper);
    watched.and(stopped)?;
    lock.forget(|_| true).context("cannot write the lock file")?;
    Ok(0)
}

/// The consultation thread: answers from the published table.
fn consult(
    channel: &Channel,
    shared: &Published,
    mut backlog: Backlog,
    ready: Ready,
) -> anyhow::Result<()> {
    let server = std::process::id() as i32;
    let mut reply = Reply::default();
    let mut ticks = Ticks::stopped().context("cannot set a timer")?;
    ready.report()?;
    loop {
        match backlog
            .receive(&mut ticks, |wait| channel.receive(RequestClass::Consultation, wait))?
        {
            Incoming::Request(request) => {
                shared.answer(&request, server, &mut reply);
                backlog.reply(request.client.get(), &reply)?;
                log::answered(&request, &reply);
            }
            Incoming::Nothing | Incoming::Dropped => {}
            Incoming::Closed => break,
        }
        backlog.retry()?;
    }
    finish(channel, backlog)
}

/// The reservation thread, which is the office: decides what is waiting, makes it durable, publishes
/// it, logs it, replies.
fn reserve(
    channel: &Channel,
    shared: &Published,
    mut office: Office,
    mut backlog: Backlog,
    ready: Ready,
) -> anyhow::Result<()> {
    let server = std::process::id() as i32;
    let mut reply = Reply::default();
    let mut ticks = Ticks::stopped().context("cannot set a timer")?;
    let mut batch = Vec::new();
    let mut outcomes = Vec::new();
    let mut decided = Ok(());
    ready.report()?;
    while decided.is_ok()
        && backlog.receive(&mut ticks, |wait| {
            channel.receive_batch(RequestClass::Reservation, wait, &mut batch)
        })?
    {
        decided = office.decide(&batch, &mut outcomes);
        shared.publish(office.table());
        log::answered_batch(&batch, &outcomes);
        for (request, &outcome) in batch.iter().zip(&outcomes) {
            reply.tell(request, outcome, server);
            backlog.reply(request.client.get(), &reply)?;
        }
        backlog.retry()?;
    }
    finish(channel, backlog)?;
    decided.context("cannot make reservations durable")
}

/// A worker's end: sends the last replies, then logs what was dropped.
fn finish(channel: &Channel, mut backlog: Backlog) -> anyhow::Result<()> {
    backlog.flush()?;
    if channel.anonymous() > 0 {
        info!(dropped = channel.anonymous(), "requests named no client");
    }
    Ok(())
}

/// What the main thread does: waits for a signal to stop, or for a worker's end, and keeps the reply
/// queue tidy.
fn watch(
    signals: &Signals,
    workers: &mut Workers,
    channel: &Channel,
    sweeper: &Sweeper,
) -> anyhow::Result<()> {
    loop {
        match signals.wait(TIDY_INTERVAL)? {
            Some(Signal::SIGCHLD) => {
                if let Some(ended) = workers.reap().first() {
                    channel.check()?;
                    return Err(anyhow!("{ended}; the server cannot go on without it"));
                }
            }
            Some(signal) => {
                info!("stopping on {signal}");
                return Ok(());
            }
            None => {
                if channel.check()? > 0 {
                    sweeper.sweep(&channel.replies).context("cannot tidy the reply queue")?;
                }
            }
        }
    }
}

/// Stops the workers: when their queue is gone, they answer what they have taken, and leave.
fn stop(
    signals: &Signals,
    workers: &mut Workers,
    channel: &mut Channel,
    sweeper: &Sweeper,
) -> anyhow::Result<()> {
    channel.requests.remove().context("cannot remove the request queue")?;
    let ended = workers.wait_end(signals, Instant::now() + STOP_MAX);
    // Not removed at once: there may be acknowledgements in the queue that nobody has read yet.
    let deadline = Instant::now() + UNREAD_MAX;
    while channel.replies.load().is_ok_and(|load| load.messages > 0) && Instant::now() < deadline {
        sweeper.sweep(&channel.replies).context("cannot tidy the reply queue")?;
        sleep(UNREAD_POLL);
    }
    channel.replies.remove().context("cannot remove the reply queue")?;
    ended
}
