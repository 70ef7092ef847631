//! The server over named pipes: a parent that waits for signals, and two forked workers that each
//! read a FIFO of their own.

use std::fs::File;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use common::booking::office::Office;
use common::program::process;
use common::program::signals::Signals;
use common::protocol::reply::{Reply, Status};
use common::server::leftovers;
use common::server::log;
use common::server::options::ServerOptions;
use common::server::start::{self, Start};
use nix::sys::signal::Signal;
use tracing::info;

use crate::PACKAGE;
use crate::armour::reply_fifos::ReplyFifos;
use crate::channel::{Channel, Incoming, RequestClass};
use crate::process::shared::SharedTable;
use crate::process::workers::{Ready, Workers};

/// How long the parent sleeps when no signal comes; it has nothing else to do.
const WATCH_INTERVAL: Duration = Duration::from_secs(3600);
/// How long the workers may take to answer what came before the stop record.
const STOP_MAX: Duration = Duration::from_millis(1500);
/// How long a stopping worker refuses what comes after it. A flood must not keep the worker longer.
const LATE_MAX: Duration = Duration::from_millis(200);

/// Serves until SIGTERM or SIGINT; returns the exit status.
///
/// # Errors
/// If the server cannot start, or a worker ends before it is asked to.
pub fn run(options: &ServerOptions) -> anyhow::Result<u8> {
    let Start { signals, mut lock, store, table } = start::open(options, PACKAGE)?;
    process::name("q1 server").context("cannot name the process")?;
    let mut channel = Channel::create(&options.dir, &mut lock)?;
    // Held open: its name may become another directory's.
    let dir = File::open(&options.dir).context("cannot open DIR")?;
    let shared = SharedTable::new(&table).context("cannot share memory")?;
    let mut ready_line = start::ready_line(PACKAGE, options.dir.display())?;
    let mut workers = Workers::new().context("cannot start workers")?;
    // Each worker gets a copy by the fork. Made here, it takes no memory until a worker uses it.
    let mut fifos = ReplyFifos::new(&dir).context("cannot hold DIR")?;
    workers
        .start("q1 consult", |ready| consult(&mut channel, &mut fifos, &shared, ready))
        .context("cannot fork")?;
    workers
        .start("q1 reserve", |ready| {
            reserve(&mut channel, &mut fifos, &shared, Office::new(store, table), ready)
        })
        .context("cannot fork")?;
    channel.consultation.close_reader();
    channel.reservation.close_reader();
    workers.wait_ready()?;
    ready_line.print()?;
    let watched = watch(&signals, &mut workers);
    let stopped = stop(&signals, &mut workers, &mut channel, &dir);
    watched.and(stopped)?;
    Ok(0)
}

/// The consultation worker: answers from the published table.
fn consult(
    channel: &mut Channel,
    fifos: &mut ReplyFifos,
    shared: &SharedTable,
    ready: Ready,
) -> anyhow::Result<()> {
    let server = std::process::id() as i32;
    let mut reply = Reply::default();
    channel.reservation.close_reader();
    ready.report()?;
    loop {
        match channel.receive(RequestClass::Consultation)? {
            Incoming::Request(request) => {
                shared.answer(&request, server, &mut reply)?;
                fifos.reply(request.client.get(), &reply);
                log::answered(&request, &reply);
            }
            Incoming::Nothing => {}
            Incoming::Closed => break,
        }
    }
    finish(channel, RequestClass::Consultation, fifos)
}

/// The reservation worker, which is the office: decides what is waiting, makes it durable, publishes
/// it, logs it, replies.
fn reserve(
    channel: &mut Channel,
    fifos: &mut ReplyFifos,
    shared: &SharedTable,
    mut office: Office,
    ready: Ready,
) -> anyhow::Result<()> {
    let server = std::process::id() as i32;
    let mut reply = Reply::default();
    let mut batch = Vec::new();
    let mut outcomes = Vec::new();
    let mut decided = Ok(());
    channel.consultation.close_reader();
    ready.report()?;
    while decided.is_ok() && channel.receive_batch(RequestClass::Reservation, &mut batch)? {
        decided = office.decide(&batch, &mut outcomes);
        shared.publish(office.table())?;
        log::answered_batch(&batch, &outcomes);
        for (request, &outcome) in batch.iter().zip(&outcomes) {
            reply.tell(request, outcome, server);
            fifos.reply(request.client.get(), &reply);
        }
    }
    finish(channel, RequestClass::Reservation, fifos)?;
    decided.context("cannot make reservations durable")
}

/// A worker's end: refuses what came too late, then logs what was lost.
fn finish(
    channel: &mut Channel,
    class: RequestClass,
    fifos: &mut ReplyFifos,
) -> anyhow::Result<()> {
    let server = std::process::id() as i32;
    channel.fifo(class).stop_waiting(Instant::now() + LATE_MAX)?;
    while let Incoming::Request(request) = channel.receive(class)? {
        let reply = Reply::new(&request, Status::Unavailable, server);
        fifos.reply(request.client.get(), &reply);
        log::answered(&request, &reply);
    }
    fifos.log_lost();
    if channel.anonymous() > 0 {
        info!(dropped = channel.anonymous(), "requests named no client");
    }
    let skipped = channel.fifo(class).skipped();
    if skipped > 0 {
        info!(skipped, "bytes belonged to no request");
    }
    Ok(())
}

/// What the parent does: waits for a signal to stop, or for a worker's death.
fn watch(signals: &Signals, workers: &mut Workers) -> anyhow::Result<()> {
    loop {
        match signals.wait(WATCH_INTERVAL)? {
            Some(Signal::SIGCHLD) => {
                if let Some(ended) = workers.reap()?.first() {
                    return Err(anyhow!("{ended}; the server cannot go on without it"));
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

/// Stops the workers: they answer what came before the stop record, and leave.
fn stop(
    signals: &Signals,
    workers: &mut Workers,
    channel: &mut Channel,
    dir: &File,
) -> anyhow::Result<()> {
    let deadline = Instant::now() + STOP_MAX;
    let closed = channel.close(deadline).context("cannot close the request FIFOs");
    let ended = workers.wait_end(signals, deadline);
    // They cost an inode each and delay nobody: once at the start and once here is enough.
    let removed = leftovers::remove_fifos(dir);
    ended.and(closed).and(removed)
}
