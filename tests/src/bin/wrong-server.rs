//! A server of q2's protocol that is wrong on purpose: it never writes, and it has one more mistake.

use std::io::{self, Write, stderr, stdout};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::{Parser, ValueEnum};
use common::booking::table::Table;
use common::program::directory;
use common::program::signals::Signals;
use common::program::signals::inherit_nothing;
use common::protocol::reply::Reply;
use common::server::lock::Lock;
use nix::sys::signal::Signal;
use q2_msgqueue::channel::{Channel, Incoming, RequestClass};
use q2_msgqueue::queue::{Queue, Wait};
use zerocopy::FromBytes;

/// The key of a queue that is left behind.
const FORGOTTEN: i32 = 12345;
/// What a talkative server prints, on stdout and on stderr.
const TALK: usize = 100 * 1024 * 1024;

/// A wrong server, for the contract to find out
#[derive(Parser)]
struct Options {
    /// Directory of the server
    #[arg(long)]
    dir: PathBuf,
    /// What is wrong with it
    #[arg(long, value_enum, default_value = "sells-twice")]
    mistake: Mistake,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mistake {
    /// It sells the seat it has just sold.
    SellsTwice,
    /// It says that it is ready when it stops.
    ReadyAtItsEnd,
    /// It makes a queue that it does not remove.
    ForgetsAQueue,
    /// The same, with a message that it has sent into it.
    ForgetsAQueueInUse,
    /// It prints 100 MiB on each of its outputs, which is no mistake.
    Talks,
}

fn main() -> anyhow::Result<()> {
    inherit_nothing();
    let Options { dir, mistake } = Options::parse();
    let signals = Signals::block(None)?;
    directory::make(&dir)?;
    let mut lock = Lock::take(&dir, "wrong-server")?;
    let mut channel = Channel::create(&dir, &mut lock)?;
    let bytes = std::fs::read(dir.join("spectacles.dat"));
    let table =
        bytes.ok().and_then(|bytes| Table::read_from_bytes(&bytes).ok()).unwrap_or_default();
    if matches!(mistake, Mistake::ForgetsAQueue | Mistake::ForgetsAQueueInUse) {
        forget_a_queue(mistake == Mistake::ForgetsAQueueInUse)?;
    }
    if mistake != Mistake::ReadyAtItsEnd {
        writeln!(stdout(), "ready wrong-server {}", dir.display())?;
    }
    if mistake == Mistake::Talks {
        talk()?;
    }
    let server = std::process::id() as i32;
    while !matches!(signals.wait(Duration::from_millis(1))?, Some(Signal::SIGTERM | Signal::SIGINT))
    {
        for class in [RequestClass::Consultation, RequestClass::Reservation] {
            while let Incoming::Request(request) = channel.receive(class, Wait::No)? {
                let mut reply = Reply::default();
                match class {
                    RequestClass::Consultation => table.answer(&request, server, &mut reply),
                    // The mistake: each is decided against the table as it was at the start.
                    RequestClass::Reservation => {
                        reply.tell(&request, table.clone().decide(&request), server)
                    }
                }
                let client = i64::from(request.client.get());
                // A full queue loses the reply; no test of what is wrong here fills it.
                let _ = channel.replies.send(client, reply.bytes(), Wait::No);
            }
        }
    }
    if mistake == Mistake::ReadyAtItsEnd {
        writeln!(stdout(), "ready wrong-server {}", dir.display())?;
    }
    channel.requests.remove().context("cannot remove the request queue")?;
    channel.replies.remove().context("cannot remove the reply queue")
}

fn forget_a_queue(in_use: bool) -> io::Result<()> {
    let queue = Queue::create(FORGOTTEN)?;
    if in_use {
        queue.send(1, b"forgotten", Wait::No)?;
    }
    std::mem::forget(queue);
    Ok(())
}

fn talk() -> io::Result<()> {
    let lines = b"I have nothing to say, and I say it.\n".repeat(1024);
    for _ in 0..TALK / lines.len() {
        stdout().write_all(&lines)?;
        stderr().write_all(&lines)?;
    }
    Ok(())
}
