//! A FIFO for requests, and one for each client's replies.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use common::booking::office::BATCH_MAX;
use common::protocol::reply::REPLY_MAX;
use common::protocol::request::REQUEST_SIZE;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::baseline::disk::Disk;
use crate::baseline::wire;
use crate::results::group::Question;

fn requests(dir: &Path) -> PathBuf {
    dir.join("requests")
}

fn replies(dir: &Path, number: u32) -> PathBuf {
    dir.join(format!("replies.{number}"))
}

/// Reads a request, writes the reply.
///
/// # Errors
/// Of the calls.
pub fn serve(dir: &Path) -> anyhow::Result<()> {
    serve_by(dir, 1, || Ok(()))
}

/// Reads what waits, up to a batch, makes one write and sync for all of it, writes the replies.
///
/// # Errors
/// Of the calls.
pub fn serve_durably(dir: &Path) -> anyhow::Result<()> {
    let mut disk = Disk::open(dir)?;
    serve_by(dir, BATCH_MAX, || disk.write_and_sync())
}

fn serve_by(
    dir: &Path,
    batch: usize,
    mut commit: impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    mkfifo(&requests(dir), Mode::S_IRWXU).context("cannot make the FIFO")?;
    // Opened for both directions, it has no end.
    let mut requests = open(&requests(dir))?;
    wire::ready("here")?;
    let mut writers: Vec<Option<File>> = Vec::new();
    let mut room = vec![0; batch * REQUEST_SIZE];
    let reply = [0; REPLY_MAX];
    loop {
        let len = requests.read(&mut room).context("cannot read a request")?;
        let (taken, rest) = room[..len].as_chunks::<REQUEST_SIZE>();
        ensure!(rest.is_empty(), "{len} bytes are no requests");
        commit()?;
        for request in taken {
            let number = wire::client(request) as u32;
            let at = number as usize;
            if at >= writers.len() {
                writers.resize_with(at + 1, || None);
            }
            let writer = match &mut writers[at] {
                Some(writer) => writer,
                empty => empty.insert(open(&replies(dir, number))?),
            };
            writer
                .write_all(&reply[..wire::reply_size(request)])
                .context("cannot write a reply")?;
        }
    }
}

/// The other side.
#[derive(Debug)]
pub struct Client {
    requests: File,
    replies: File,
    number: u32,
    reply: [u8; REPLY_MAX],
}

impl Client {
    /// Makes its FIFO and opens both.
    ///
    /// # Errors
    /// If there is no server.
    pub fn open(dir: &Path, number: u32) -> anyhow::Result<Client> {
        let path = replies(dir, number);
        mkfifo(&path, Mode::S_IRWXU).context("cannot make the FIFO")?;
        let requests = OpenOptions::new()
            .write(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(requests(dir))
            .context("cannot open the FIFO")?;
        q1_pipes::fifo::set_nonblocking(&requests, false).context("cannot set a FIFO's mode")?;
        Ok(Client { requests, replies: open(&path)?, number, reply: [0; REPLY_MAX] })
    }

    /// One write, one read.
    ///
    /// # Errors
    /// Of the calls.
    pub fn ask(&mut self, question: Question) -> anyhow::Result<()> {
        let request = wire::request(question, self.number as i32);
        self.requests.write_all(&request).context("cannot write a request")?;
        let size = self.replies.read(&mut self.reply).context("cannot read a reply")?;
        ensure!(size == wire::size_of_reply(question), "{size} bytes are no reply");
        Ok(())
    }
}

/// An end that opens at once, whether or not the other side is there.
fn open(path: &Path) -> anyhow::Result<File> {
    let file = File::options().read(true).write(true).open(path);
    file.with_context(|| format!("cannot open {}", path.display()))
}
