//! The server over message queues: a main thread that receives every request, and for each of them
//! a thread that answers it.

use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{Builder, sleep};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, ensure};
use common::log;
use common::office::Office;
use common::options::ServerOptions;
use common::process;
use common::reply::{Reply, Status};
use common::request::Request;
use common::signals::Signals;
use common::start::{self, Start};
use nix::sys::signal::Signal;
use q2_msgqueue::armour::sweep::Sweeper;
use q2_msgqueue::channel::{Channel, RequestClass};
use q3_threads::armour::workers::{STACK_SIZE, Workers};
use q3_threads::published::Published;
use tracing::{error, info, warn};

use crate::PACKAGE;
use crate::armour::replies::Replies;
use crate::armour::thread_limit::ThreadLimit;
use crate::committer;
use crate::decision::Decision;
use crate::line::{Line, line};
use crate::sys::DetachedThreads;

/// Requests that have a thread at most; one more is told that the server is busy. Without a
/// bound, a slow disk and enough clients take the machine's last thread, everybody's.
const THREADS_MAX: usize = 256;
/// Reservations that have one while replies find no room, for the same reason as in [`serve`].
const THREADS_CONGESTED: usize = 16;
/// How often the reply queue is looked after.
const TIDY_INTERVAL: Duration = Duration::from_millis(250);
/// How long the threads may take to answer what they have taken.
const STOP_MAX: Duration = Duration::from_millis(800);
/// How long the last replies may wait for their clients.
const UNREAD_MAX: Duration = Duration::from_millis(500);
/// How often to look whether they are read; the kernel does not tell.
const UNREAD_POLL: Duration = Duration::from_millis(5);

/// What all requests' threads use.
#[derive(Debug)]
struct SharedState {
    published: Published,
    replies: Replies,
    limit: ThreadLimit,
    threads: DetachedThreads,
    server: i32,
}

/// Serves until SIGTERM or SIGINT; returns the exit status.
///
/// # Errors
/// If the server cannot start, or a part of it ends although nobody asked it to.
pub fn run(options: &ServerOptions) -> anyhow::Result<u8> {
    let Start { signals, lock, store, table } = start::open(options, PACKAGE)?;
    // Threads end with the process, not with this function: until then one may write.
    let mut lock = ManuallyDrop::new(lock);
    process::name("q4 server").context("cannot name the process")?;
    let mut channel = Channel::create(&options.dir, &mut lock)?;
    let state = Arc::new(SharedState {
        published: Published::new(&table),
        replies: Replies::new(&channel).context("cannot look at the queues")?,
        limit: ThreadLimit::default(),
        threads: DetachedThreads::new("q4 request").context("cannot prepare threads")?,
        server: std::process::id() as i32,
    });
    let mut workers = Workers::new();
    // Room for all: the main thread, which puts them in line, never waits.
    let (shared, (line, waiting)) = (state.clone(), line(THREADS_MAX));
    workers
        .start("q4 commit", move |ready| {
            ready.report()?;
            let office = Office::new(store, table);
            committer::run(office, &waiting, |table| shared.published.publish(table))
        })
        .context("cannot start a thread")?;
    workers.wait_ready()?;
    let mut ready_line = start::ready_line(PACKAGE, options.dir.display())?;
    let sweeper = Sweeper::new(&channel.replies).context("cannot look at the reply queue")?;
    let (mut handle, shared) = (channel.handle(), state.clone());
    let watcher =
        Builder::new().name("q4 signals".into()).stack_size(STACK_SIZE).spawn(move || {
            let watched = watch(&signals, &mut workers, &channel, &shared, &sweeper);
            let stopped = stop(&signals, &mut workers, &mut channel, &shared, &sweeper);
            watched.and(stopped)
        });
    let watcher = watcher.context("cannot start a thread")?;
    let served = ready_line.print().and_then(|()| serve(&handle, &state, line));
    // Whichever of the two threads ends first ends the other by removing the queue.
    let removed = handle.requests.remove().context("cannot remove the request queue");
    let watched = watcher.join().map_err(|_| anyhow!("q4 signals has panicked"))?;
    served.and(removed).and(watched)?;
    lock.forget(|_| true).context("cannot write the lock file")?;
    Ok(0)
}

/// The main thread's life: takes every request, the oldest first, and starts a thread for it. It
/// holds the committer's only line: the committer ends when this does.
fn serve(channel: &Channel, state: &Arc<SharedState>, line: Line) -> anyhow::Result<()> {
    let _counted_too = state.limit.acquire(1);
    while let Some((class, request)) = channel.receive_any().context("cannot receive requests")? {
        match class {
            // The caller runs it: who does not read may be sending without a pause, and those who
            // read would wait for the start of each thread.
            RequestClass::Consultation if state.replies.is_congested() => {
                answer(state, &request, None)
            }
            _ => start_thread(state, &line, class, request),
        }
    }
    if channel.anonymous() > 0 {
        info!(dropped = channel.anonymous(), "requests named no client");
    }
    Ok(())
}

/// Starts the thread of a request, or says that the server is busy.
///
/// A reservation gets in line here and not in its thread: threads run in any order, and the first
/// to come is to be the first served. It does so when its thread is there, because a request that
/// is told BUSY must not be decided.
fn start_thread(state: &Arc<SharedState>, line: &Line, class: RequestClass, request: Request) {
    let threads = if state.replies.is_congested() { THREADS_CONGESTED } else { THREADS_MAX };
    let permit = state.limit.acquire(1 + threads); // The main thread is inside too.
    let Some(permit) = permit else { return refuse(state, &request, Status::Busy) };
    let reservation = (class == RequestClass::Reservation).then(|| line.reservation(request));
    let (pending, decision) = reservation.unzip();
    let shared = state.clone();
    let thread = state.threads.start(move || {
        answer(&shared, &request, decision);
        drop(permit);
    });
    if let Err(error) = thread {
        warn!("cannot start a thread: {error}");
        return refuse(state, &request, Status::Busy);
    }
    pending.into_iter().for_each(|pending| line.submit(pending));
}

/// A request's thread: one request, one reply; a panic on the way costs only this request.
fn answer(state: &SharedState, request: &Request, decision: Option<Decision>) {
    let answered = catch_unwind(AssertUnwindSafe(|| match decision {
        None => consult(state, request),
        Some(decision) => reserve(state, request, decision),
    }));
    if answered.is_err() {
        refuse(state, request, Status::Unavailable);
    }
}

/// A consultation's thread: answers from the published table.
#[inline(never)] // Two replies on one stack would be a page of it more, in every thread.
fn consult(state: &SharedState, request: &Request) {
    let mut reply = Reply::default();
    state.published.answer(request, state.server, &mut reply);
    send(state, request, &reply);
}

/// A reservation's thread: waits for the committer's decision.
#[inline(never)] // Likewise.
fn reserve(state: &SharedState, request: &Request, decision: Decision) {
    let mut reply = Reply::default();
    reply.tell(request, decision.wait(), state.server);
    send(state, request, &reply);
}

#[cold]
fn refuse(state: &SharedState, request: &Request, status: Status) {
    send(state, request, &Reply::new(request, status, state.server));
}

fn send(state: &SharedState, request: &Request, reply: &Reply) {
    match state.replies.send(request.client.get(), reply) {
        Ok(()) => log::answered(request, reply),
        // Then the watcher will notice too.
        Err(error) => warn!("cannot reply to {}: {error}", request.client),
    }
}

/// The watcher's life: waits for a signal to stop, or for the committer's end, tries kept
/// replies again, and keeps the reply queue tidy.
fn watch(
    signals: &Signals,
    workers: &mut Workers,
    channel: &Channel,
    state: &SharedState,
    sweeper: &Sweeper,
) -> anyhow::Result<()> {
    let mut tidied = Instant::now();
    loop {
        match signals.wait(state.replies.time_left().unwrap_or(TIDY_INTERVAL))? {
            // The committer has ended, or a reply is kept.
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
        state.replies.retry().context("cannot send deferred replies")?;
        if tidied.elapsed() >= TIDY_INTERVAL {
            channel.requests.load().context("the request queue is gone")?;
            let load = channel.replies.load().context("the reply queue is gone")?;
            if load.messages > 0 {
                sweeper.sweep(&channel.replies).context("cannot tidy the reply queue")?;
            }
            tidied = Instant::now();
        }
    }
}

/// Ends the mechanism: without its queue the main thread takes no more, and the threads there are
/// answer what was taken.
fn stop(
    signals: &Signals,
    workers: &mut Workers,
    channel: &mut Channel,
    state: &SharedState,
    sweeper: &Sweeper,
) -> anyhow::Result<()> {
    if let Err(error) = channel.requests.remove() {
        error!("cannot remove the request queue, which alone ends the main thread: {error}");
        std::process::exit(common::exit::FAILED.into());
    }
    let deadline = Instant::now() + STOP_MAX;
    let ended = workers.wait_end(signals, deadline);
    let late = state.limit.wait_empty(deadline);
    state.replies.flush().context("cannot send deferred replies")?;
    // Removed at once, the queue would take acknowledgements with it that nobody has read yet.
    let deadline = Instant::now() + UNREAD_MAX;
    while channel.replies.load().is_ok_and(|load| load.messages > 0) && Instant::now() < deadline {
        sweeper.sweep(&channel.replies).context("cannot tidy the reply queue")?;
        sleep(UNREAD_POLL);
    }
    channel.replies.remove().context("cannot remove the reply queue")?;
    ended?;
    ensure!(late == 0, "{late} requests were not answered in time");
    Ok(())
}
