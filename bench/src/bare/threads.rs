//! The two queues, and a detached thread for every message: what q4's idea costs by itself.

use std::path::Path;

use anyhow::Context;

use crate::bare::{self, queues};
use crate::sys::{self, DetachedThreads, Message};

/// Receives a request, starts a thread that sends the reply.
///
/// # Errors
/// Of the calls.
pub fn serve(dir: &Path) -> anyhow::Result<()> {
    let (requests, replies) = queues::find(dir)?;
    let threads = DetachedThreads::new().context("cannot set a thread's attributes")?;
    bare::ready("here")?;
    let mut message = Message::new();
    loop {
        sys::msgrcv(requests, &mut message, 0).context("cannot receive a request")?;
        let request = message;
        let body = Box::new(move || {
            let mut reply = request;
            let size = bare::reply_size(&reply.text);
            reply.mtype = i64::from(bare::client(&reply.text));
            // The queue goes when the measurement is over; then nobody waits for this reply.
            if let Err(error) = sys::msgsnd(replies, &reply, size) {
                eprintln!("bench: cannot send a reply: {error}");
            }
        });
        threads.start(body).context("cannot start a thread")?;
    }
}
