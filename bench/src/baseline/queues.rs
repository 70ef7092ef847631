//! Two System V message queues, one there and one back.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use common::booking::office::BATCH_MAX;
use nix::unistd::gettid;

use crate::baseline::disk::Disk;
use crate::baseline::wire;
use crate::results::group::Question;
use crate::sys::{self, Message};

/// The two queues, removed by the measuring process, which makes them: a server that is killed
/// removes nothing.
#[derive(Debug)]
pub struct Pair {
    requests: i32,
    replies: i32,
}

/// Where their ids are written.
fn file(dir: &Path) -> PathBuf {
    dir.join("queues")
}

impl Pair {
    /// Makes the queues for the server in `dir`.
    ///
    /// # Errors
    /// ENOSPC if the system has no queue left. See msgget(2).
    pub fn create(dir: &Path) -> anyhow::Result<Pair> {
        let make = || sys::msgget_private().context("cannot make a queue");
        let requests = make()?;
        let pair = Pair { requests, replies: make().inspect_err(|_| remove(requests))? };
        fs::write(file(dir), format!("{} {}", pair.requests, pair.replies))
            .context("cannot write the queues' ids")?;
        Ok(pair)
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        remove(self.requests);
        remove(self.replies);
    }
}

fn remove(queue: i32) {
    if let Err(error) = sys::msgctl_remove(queue) {
        eprintln!("bench: cannot remove the queue {queue}: {error}");
    }
}

/// The ids of the requests' and the replies' queue.
pub(super) fn find(dir: &Path) -> anyhow::Result<(i32, i32)> {
    let text = fs::read_to_string(file(dir)).context("cannot read the queues' ids")?;
    let ids: Vec<i32> = text.split(' ').filter_map(|id| id.parse().ok()).collect();
    ensure!(ids.len() == 2, "{text:?} are no ids of two queues");
    Ok((ids[0], ids[1]))
}

/// Receives a request, sends the reply.
///
/// # Errors
/// Of the calls.
pub fn serve(dir: &Path) -> anyhow::Result<()> {
    let (requests, replies) = find(dir)?;
    wire::ready("here")?;
    let mut message = Message::new();
    loop {
        sys::msgrcv(requests, &mut message, 0).context("cannot receive a request")?;
        answer(replies, &mut message)?;
    }
}

/// Receives what waits, up to a batch, makes one write and sync for all of it, sends the replies.
///
/// # Errors
/// Of the calls.
pub fn serve_durably(dir: &Path) -> anyhow::Result<()> {
    let (requests, replies) = find(dir)?;
    let mut disk = Disk::open(dir)?;
    wire::ready("here")?;
    let mut batch = vec![Message::new(); BATCH_MAX];
    loop {
        sys::msgrcv(requests, &mut batch[0], 0).context("cannot receive a request")?;
        let mut taken = 1;
        while taken < BATCH_MAX
            && sys::msgrcv_nowait(requests, &mut batch[taken]).context("cannot receive more")?
        {
            taken += 1;
        }
        disk.write_and_sync()?;
        batch[..taken].iter_mut().try_for_each(|message| answer(replies, message))?;
    }
}

fn answer(replies: i32, message: &mut Message) -> anyhow::Result<()> {
    let size = wire::reply_size(&message.text);
    message.mtype = i64::from(wire::client(&message.text));
    sys::msgsnd(replies, message, size).context("cannot send a reply")
}

/// The other side.
#[derive(Debug)]
pub struct Client {
    requests: i32,
    replies: i32,
    id: i32,
    message: Box<Message>,
}

impl Client {
    /// Finds both queues.
    ///
    /// # Errors
    /// If there is no server.
    pub fn open(dir: &Path) -> anyhow::Result<Client> {
        let (requests, replies) = find(dir)?;
        let message = Box::new(Message::new());
        Ok(Client { requests, replies, id: gettid().as_raw(), message })
    }

    /// One message there, one back.
    ///
    /// # Errors
    /// Of the calls.
    pub fn ask(&mut self, question: Question) -> anyhow::Result<()> {
        let request = wire::request(question, self.id);
        self.message.mtype = 1;
        self.message.text[..request.len()].copy_from_slice(&request);
        sys::msgsnd(self.requests, &self.message, request.len())
            .context("cannot send a request")?;
        let size = sys::msgrcv(self.replies, &mut self.message, i64::from(self.id))
            .context("cannot receive a reply")?;
        ensure!(size == wire::size_of_reply(question), "{size} bytes are no reply");
        Ok(())
    }
}
