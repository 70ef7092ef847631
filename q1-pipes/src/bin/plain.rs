//! Named pipes: one for consultations, one for reservations, and each client's own for its replies.
//!
//! Right with honest clients only. It does not survive (see `target/debug/hostile --help`):
//! - `printf x > run/consult.fifo`: no request behind the byte begins where it should, and nobody
//!   who consults is answered. See `src/armour/resync.rs`.
//! - `hostile q1-pipes run die 100 1`, clients that die before the reply: nobody reads their FIFO,
//!   `open` sleeps in both workers, SIGTERM waits for them. See `src/armour/reply_fifos.rs`.
//! - `hostile q1-pipes run silent 400 1`, one that never reads: `write` sleeps. See the same file.
//! - `perl -e 'print "SPC1", pack("lql4", -1, 0, 3, 1, 9, 0)' > run/reserve.fifo`: 9 seats are sold
//!   to client -1. See `src/channel.rs`.
//! - `head -c 32 /dev/zero > run/reserve.fifo`: the server ends. See `src/channel.rs`.
//! - `kill -STOP` of a worker: a stop waits for it. See `src/process/workers.rs`.
//!
//! `kill -9` leaves FIFOs. The next start makes those of requests anew; `rm run/reply.*` removes
//! those of dead clients, which also a stop leaves. See `src/armour/leftovers.rs`.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::{path::Path, process::ExitCode, time::Duration};

use anyhow::{Context, Result, bail};
use clap::Parser;
use common::booking::office::Office;
use common::program::{exit, process, signals::inherit_nothing};
use common::protocol::reply::Reply;
use common::protocol::request::{REQUEST_SIZE, Request};
use common::server::start::{self, Start};
use common::server::{log, options::ServerOptions};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::sys::{signal::Signal, stat::Mode};
use nix::unistd::mkfifo;
use q1_pipes::process::{fork::fork, shared::SharedTable};
use q1_pipes::{PACKAGE, fifo::unlink};

/// The FIFOs of requests: LIST and VIEW, RESERVE.
const CONSULTATION: &str = "consult.fifo";
const RESERVATION: &str = "reserve.fifo";
/// What ends a worker: a record that no client sends.
const STOP: [u8; REQUEST_SIZE] = [0; REQUEST_SIZE];
const FOREVER: Duration = Duration::from_secs(u32::MAX as u64); // A wait has a limit.

fn main() -> ExitCode {
    inherit_nothing();
    exit::report("server", run(&ServerOptions::parse()))
}

/// The parent: makes the FIFOs and the workers, waits for a signal, ends them.
fn run(options: &ServerOptions) -> Result<u8> {
    let Start { signals, lock: _lock, store, table } = start::open(options, PACKAGE)?;
    process::name("q1 server")?;
    let shared = SharedTable::new(&table)?;
    let office = Office::new(store, table);
    let dir = &options.dir;
    let mut consultations = make_fifo(&dir.join(CONSULTATION)).context("cannot make a FIFO")?;
    let mut reservations = make_fifo(&dir.join(RESERVATION)).context("cannot make a FIFO")?;
    let workers = [
        fork("q1 consult", || consult(&consultations, dir, &shared))?,
        fork("q1 reserve", || reserve(&reservations, dir, &shared, office))?,
    ];
    start::ready_line(PACKAGE, options.dir.display())?.print()?;

    // SIGTERM and SIGINT ask for a stop. SIGCHLD: a worker has ended, or was only stopped (Ctrl-Z).
    let all_live = || workers.iter().all(|worker| process::is_alive(worker.as_raw()));
    while signals.wait(FOREVER)? == Some(Signal::SIGCHLD) && all_live() {}
    // The workers answer what stands before the stop record, and leave.
    unlink(&dir.join(CONSULTATION))?;
    unlink(&dir.join(RESERVATION))?;
    consultations.write_all(&STOP)?;
    reservations.write_all(&STOP)?;
    let ended = workers.map(|worker| waitpid(worker, None));
    for status in ended {
        match status? {
            WaitStatus::Exited(_, 0) => {}
            WaitStatus::Signaled(pid, signal, _) => bail!("worker {pid} was killed by {signal}"),
            _ => bail!("a worker has failed"),
        }
    }
    Ok(0)
}

/// Makes a FIFO and opens both ends: no `open` waits for a client, no client's `close` ends it.
fn make_fifo(path: &Path) -> io::Result<File> {
    unlink(path)?;
    mkfifo(path, Mode::S_IRUSR | Mode::S_IWUSR)?;
    OpenOptions::new().read(true).write(true).open(path)
}

/// The consultation worker: answers from the published table.
fn consult(mut fifo: &File, dir: &Path, shared: &SharedTable) -> Result<()> {
    let (server, mut reply) = (std::process::id() as i32, Reply::default());
    let mut bytes = [0; REQUEST_SIZE];
    loop {
        fifo.read_exact(&mut bytes)?;
        if bytes == STOP {
            return Ok(());
        }
        let request = Request::from_received(&bytes);
        shared.answer(&request, server, &mut reply)?;
        send(&reply, &request, dir);
        log::answered(&request, &reply);
    }
}

/// The reservation worker: decides, makes it durable, publishes, and only then replies.
fn reserve(mut fifo: &File, dir: &Path, shared: &SharedTable, mut office: Office) -> Result<()> {
    let (server, mut reply) = (std::process::id() as i32, Reply::default());
    let (mut bytes, mut outcomes) = ([0; REQUEST_SIZE], Vec::new());
    loop {
        fifo.read_exact(&mut bytes)?;
        if bytes == STOP {
            return Ok(());
        }
        let request = Request::from_received(&bytes);
        // A batch of one. If it is not durable, the outcome is UNAVAILABLE and the table as before.
        let durable = office.decide(&[request], &mut outcomes);
        shared.publish(office.table())?;
        reply.tell(&request, outcomes[0], server);
        send(&reply, &request, dir);
        log::answered(&request, &reply);
        durable.context("cannot make reservations durable")?;
    }
}

/// Writes a reply into the FIFO of its client.
fn send(reply: &Reply, request: &Request, dir: &Path) {
    let path = dir.join(format!("reply.{}.fifo", request.client));
    let opened = OpenOptions::new().write(true).open(path);
    // A client that has given up has removed it, and loses the reply.
    let _ = opened.and_then(|mut fifo| fifo.write_all(reply.bytes()));
}
