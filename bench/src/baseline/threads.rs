//! The two queues, and a detached thread for every message: what q4's idea costs by itself.

use std::io;
use std::path::Path;
use std::thread::Builder;

use anyhow::Context;

use crate::baseline::commit::Committer;
use crate::baseline::{queues, wire};
use crate::sys::{self, Body, DetachedThreads, Message, STACK_SIZE};

/// By pthread_create.
///
/// # Errors
/// Of the calls.
pub fn serve(dir: &Path) -> anyhow::Result<()> {
    let threads = DetachedThreads::new().context("cannot set a thread's attributes")?;
    serve_in(dir, || (), |body| threads.start(body))
}

/// By pthread_create, and each thread waits for a sync before it replies.
///
/// # Errors
/// Of the calls.
pub fn serve_durably(dir: &Path) -> anyhow::Result<()> {
    let threads = DetachedThreads::new().context("cannot set a thread's attributes")?;
    let committer = Committer::start(dir)?;
    serve_in(dir, move || committer.wait_durable(), |body| threads.start(body))
}

/// By std, which also guards the stack against overflow and names the thread: what of q4's figure is
/// Rust's.
///
/// # Errors
/// Of the calls.
pub fn serve_by_std(dir: &Path) -> anyhow::Result<()> {
    serve_in(dir, || (), start_by_std)
}

/// By std, and each thread waits for a sync before it replies.
///
/// # Errors
/// Of the calls.
pub fn serve_durably_by_std(dir: &Path) -> anyhow::Result<()> {
    let committer = Committer::start(dir)?;
    serve_in(dir, move || committer.wait_durable(), start_by_std)
}

fn start_by_std(body: Body) -> io::Result<()> {
    let thread = Builder::new().name("bare request".to_owned()).stack_size(STACK_SIZE);
    thread.spawn(body).map(drop)
}

/// Receives a request, starts a thread that waits and sends the reply.
fn serve_in(
    dir: &Path,
    wait: impl Fn() + Clone + Send + 'static,
    start: impl Fn(Body) -> io::Result<()>,
) -> anyhow::Result<()> {
    let (requests, replies) = queues::find(dir)?;
    wire::ready("here")?;
    let mut message = Message::new();
    loop {
        sys::msgrcv(requests, &mut message, 0).context("cannot receive a request")?;
        let (request, wait) = (message, wait.clone());
        let body = Box::new(move || {
            wait();
            let mut reply = request;
            let size = wire::reply_size(&reply.text);
            reply.mtype = i64::from(wire::client(&reply.text));
            // The queue goes when the measurement is over; then nobody waits for this reply.
            if let Err(error) = sys::msgsnd(replies, &reply, size) {
                eprintln!("bench: cannot send a reply: {error}");
            }
        });
        start(body).context("cannot start a thread")?;
    }
}
