//! A server of q2's protocol that is wrong on purpose: it never writes, and it sells the seat it
//! has just sold.

use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;
use common::booking::table::Table;
use common::program::directory;
use common::program::signals::Signals;
use common::program::signals::inherit_nothing;
use common::protocol::reply::Reply;
use common::server::lock::Lock;
use common::server::start;
use nix::sys::signal::Signal;
use q2_msgqueue::channel::{Channel, Incoming, RequestClass};
use q2_msgqueue::queue::Wait;
use std::time::Duration;
use zerocopy::FromBytes;

/// A wrong server, for the contract to find out
#[derive(Parser)]
struct Options {
    /// Directory of the server
    #[arg(long)]
    dir: PathBuf,
}

fn main() -> anyhow::Result<()> {
    inherit_nothing();
    let Options { dir } = Options::parse();
    let signals = Signals::block()?;
    directory::make(&dir)?;
    let mut lock = Lock::take(&dir, "wrong-server")?;
    let mut channel = Channel::create(&dir, &mut lock)?;
    let bytes = std::fs::read(dir.join("spectacles.dat"));
    let table =
        bytes.ok().and_then(|bytes| Table::read_from_bytes(&bytes).ok()).unwrap_or_default();
    start::ready_line("wrong-server", dir.display())?.print()?;
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
    channel.requests.remove().context("cannot remove the request queue")?;
    channel.replies.remove().context("cannot remove the reply queue")
}
