//! The server over message queues: a main thread that receives every request, and for each of them
//! a thread that answers it.

use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::Builder;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, ensure};
use common::booking::office::Office;
use common::booking::table::Table;
use common::program::process;
use common::program::signals::Signals;
use common::protocol::reply::{Reply, Status};
use common::protocol::request::Request;
use common::server::log;
use common::server::options::ServerOptions;
use common::server::start::{self, Start};
use nix::sys::signal::Signal;
use q2_msgqueue::armour::sweep::Sweeper;
use q2_msgqueue::channel::{Channel, RequestClass};
use q3_threads::armour::workers::{STACK_SIZE, Workers};
use q3_threads::published::Published;
use tracing::{error, info, warn};

use crate::PACKAGE;
use crate::armour::replies::Replies;
use crate::armour::thread_limit::ThreadLimit;
use crate::commit_queue::{CommitQueue, commit_queue};
use crate::committer;
use crate::oneshot;
use crate::sys::DetachedThreads;

/// Requests that have a thread at most. One more is refused with BUSY. Without a bound, a slow disk
/// and enough clients take the last thread of the whole machine.
const THREADS_MAX: usize = 256;
/// The same while the reply queue is congested. A client that does not read may send without a
/// pause, and the others would wait for the start of each thread.
const THREADS_CONGESTED: usize = 16;
/// How often the reply queue is looked after.
const TIDY_INTERVAL: Duration = Duration::from_millis(250);
/// How long the threads may take to answer what they have taken.
const STOP_MAX: Duration = Duration::from_millis(800);

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
    // A thread may write until the process ends, so the lock must not be released by this function.
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
    // The main thread submits reservations. It must never wait for room, because then nobody
    // receives requests. Each reservation in the queue has a thread that waits for its decision, so
    // with room for all threads there is always room for one more.
    let (queue, batches) = commit_queue(THREADS_MAX);
    let office = Office::new(store, table);
    let shared = state.clone();
    let publish = move |table: &Table| shared.published.publish(table);
    committer::start(&mut workers, "q4 commit", office, batches, publish)?;
    workers.wait_ready()?;
    let sweeper = Sweeper::new(&channel.replies).context("cannot look at the reply queue")?;
    // Requests that come now wait in the queue. Before the next thread is there, which takes signals:
    // a stop must not wait for whoever reads this line.
    start::ready_line(PACKAGE, options.dir.display())?.print()?;
    let mut handle = channel.handle();
    let shared = state.clone();
    let watcher = Builder::new()
        .name("q4 signals".into())
        .stack_size(STACK_SIZE)
        .spawn(move || {
            let watched = watch(&signals, &mut workers, &channel, &shared, &sweeper);
            let stopped = stop(&signals, &mut workers, &mut channel, &shared, &sweeper);
            watched.and(stopped)
        })
        .context("cannot start a thread")?;
    let served = serve(&handle, &state, queue);
    // Whichever of the two threads ends first ends the other: it removes the request queue.
    let removed = handle.requests.remove().context("cannot remove the request queue");
    let watched = watcher.join().map_err(|_| anyhow!("q4 signals has panicked"))?;
    served.and(removed).and(watched)?;
    lock.forget(|_| true).context("cannot write the lock file")?;
    Ok(0)
}

/// The main thread: receives every request, the oldest first, and starts a thread for it. It has
/// the only sender of the commit queue, so the committer ends when this function does.
fn serve(channel: &Channel, state: &Arc<SharedState>, queue: CommitQueue) -> anyhow::Result<()> {
    // This thread counts too, because it answers requests itself and a stop waits for all answers.
    let _permit = state.limit.acquire(1);
    while let Some((class, request)) = channel.receive_any().context("cannot receive requests")? {
        if class == RequestClass::Consultation && state.replies.is_congested() {
            // Without a thread, for the reason of THREADS_CONGESTED.
            answer(state, &request, None);
        } else {
            start_thread(state, &queue, class, request);
        }
    }
    if channel.anonymous() > 0 {
        info!(dropped = channel.anonymous(), "requests named no client");
    }
    Ok(())
}

/// Starts the thread of a request, or refuses the request with BUSY.
///
/// A reservation is submitted here and not in its thread: threads run in any order, and who came
/// first is served first. It is submitted after its thread was started, because a request that is
/// refused must not be decided.
fn start_thread(
    state: &Arc<SharedState>,
    queue: &CommitQueue,
    class: RequestClass,
    request: Request,
) {
    let threads = if state.replies.is_congested() { THREADS_CONGESTED } else { THREADS_MAX };
    // One more, because the main thread has a permit too.
    let permit = state.limit.acquire(threads + 1);
    let Some(permit) = permit else { return refuse(state, &request, Status::Busy) };
    let (reservation, decision) = match class {
        RequestClass::Consultation => (None, None),
        RequestClass::Reservation => {
            let (reservation, decision) = oneshot::channel(request);
            (Some(reservation), Some(decision))
        }
    };
    let shared = state.clone();
    let started = state.threads.start(move || {
        answer(&shared, &request, decision);
        drop(permit);
    });
    if let Err(error) = started {
        warn!("cannot start a thread: {error}");
        return refuse(state, &request, Status::Busy);
    }
    if let Some(reservation) = reservation {
        queue.submit(reservation);
    }
}

/// The thread of a request: answers a consultation from the published table, and a reservation with
/// the committer's decision, for which it waits. A panic costs only this request.
fn answer(state: &SharedState, request: &Request, decision: Option<oneshot::Receiver>) {
    let answered = catch_unwind(AssertUnwindSafe(|| {
        let mut reply = Reply::default();
        match decision {
            None => state.published.answer(request, state.server, &mut reply),
            Some(decision) => reply.tell(request, decision.recv(), state.server),
        }
        send(state, request, &reply);
    }));
    if answered.is_err() {
        refuse(state, request, Status::Unavailable);
    }
}

fn refuse(state: &SharedState, request: &Request, status: Status) {
    send(state, request, &Reply::new(request, status, state.server));
}

fn send(state: &SharedState, request: &Request, reply: &Reply) {
    // First the log: if the server is killed then, no client knows more than the log.
    log::answered(request, reply);
    if let Err(error) = state.replies.send(request.client.get(), reply) {
        // The reply queue is gone. `q4 signals` notices it too, and stops the server.
        warn!("cannot reply to {}: {error}", request.client);
    }
}

/// The thread `q4 signals`: waits for a signal to stop or for the end of the committer. It also
/// sends deferred replies and sweeps the reply queue.
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
            // The committer has ended, or a reply was deferred.
            Some(Signal::SIGCHLD) => {
                if let Some(ended) = workers.reap().first() {
                    channel.check()?;
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
            if channel.check()? > 0 {
                sweeper.sweep(&channel.replies).context("cannot tidy the reply queue")?;
            }
            tidied = Instant::now();
        }
    }
}

/// Stops the server: removes the request queue, so that no more requests are received, and waits
/// until those that were received are answered.
fn stop(
    signals: &Signals,
    workers: &mut Workers,
    channel: &mut Channel,
    state: &SharedState,
    sweeper: &Sweeper,
) -> anyhow::Result<()> {
    if let Err(error) = channel.requests.remove() {
        error!("cannot remove the request queue, which alone ends the main thread: {error}");
        std::process::exit(common::program::exit::FAILED.into());
    }
    let deadline = Instant::now() + STOP_MAX;
    let ended = workers.wait_end(signals, deadline);
    let late = state.limit.wait_empty(deadline);
    state.replies.flush().context("cannot send deferred replies")?;
    state.replies.wait_until_read(sweeper).context("cannot tidy the reply queue")?;
    channel.replies.remove().context("cannot remove the reply queue")?;
    ended?;
    ensure!(late == 0, "{late} requests were not answered in time");
    Ok(())
}
