//! Clients whose PID is that of a client killed just before; for a PID namespace of its own, whose
//! counter it sets.

use std::fs;
use std::io;
use std::process::exit;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use clap::Parser;
use common::client::ask::Ask;
use common::program::signals::inherit_nothing;
use common::protocol::request::Request;
use harness::client::{CLIENT_TIMEOUT, Client};
use harness::processes;
use harness::server::Server;
use harness::stage::{ALL, Stage};
use harness::sys::{Fork, fork};
use harness::wait;
use harness::wire::{RequestClass, Wire};
use nix::sys::signal::{Signal, killpg, raise};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use zerocopy::IntoBytes;

/// The PID that every client has.
const PID: i32 = 30_000;
/// The kernel gives the next free PID after this one.
const LAST_PID: &str = "/proc/sys/kernel/ns_last_pid";
/// A server that starts a thread for each request takes a PID for it, from the same counter.
const TRIES: usize = 100;
/// A client does not take so long to ask.
const ASK_MAX: Duration = Duration::from_secs(10);

/// Clients whose PID is that of a client killed just before
#[derive(Parser)]
struct Options {
    /// The stage's package
    stage: String,
    /// How many pairs of clients
    rounds: u64,
}

/// Runs `life` in a process with that PID, which is free; the process ends with it.
fn fork_as(pid: i32, life: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<Pid> {
    for _ in 0..TRIES {
        fs::write(LAST_PID, (pid - 1).to_string())
            .with_context(|| format!("cannot set {LAST_PID}"))?;
        match fork()? {
            Fork::Parent(child) if child.as_raw() == pid => return Ok(child),
            // A new thread of the server has got the PID.
            Fork::Parent(other) => waitpid(other, None)?,
            Fork::Child if std::process::id() as i32 != pid => exit(0),
            Fork::Child => match life() {
                Ok(()) => exit(0),
                Err(error) => {
                    eprintln!("process {pid}: {error:#}");
                    exit(1);
                }
            },
        };
    }
    bail!("somebody else has PID {pid}")
}

/// Asks for show 1, and is killed before the answer.
fn first_life(stage: Stage, server: &Server) -> anyhow::Result<()> {
    let wire = Wire::open(stage, &server.dir(), PID)?;
    for (class, ask) in [
        (RequestClass::Consultation, Ask::View { show: 1 }),
        (RequestClass::Reservation, Ask::Reserve { show: 1, seats: 0 }),
    ] {
        for nonce in 1..=3 {
            wire.send(class, Request::new(PID, nonce, ask).as_bytes());
        }
    }
    raise(Signal::SIGKILL)?;
    bail!("alive after SIGKILL")
}

/// Asks for show 2, and gets nothing else.
fn second_life(stage: Stage, server: &Server) -> anyhow::Result<()> {
    let mut client = Client::open(stage, &server.dir(), CLIENT_TIMEOUT)?;
    for _ in 0..10 {
        for ask in [Ask::View { show: 2 }, Ask::Reserve { show: 2, seats: 1000 }] {
            let answer = client.ask(ask);
            let reply = answer.map_err(|error| io::Error::other(error.explain(ask)))?;
            ensure!((reply.show.get(), reply.seats.get()) == (2, 150), "not ours: {reply:?}");
        }
    }
    Ok(())
}

fn main() -> anyhow::Result<()> {
    inherit_nothing();
    let options = Options::parse();
    let stage: Option<Stage> = ALL.into_iter().find(|stage| stage.package() == options.stage);
    let Some(stage) = stage else { bail!("no stage is named {}", options.stage) };
    let server = Server::start(stage);
    let group = server.pid();
    for round in 0..options.rounds {
        // Every second time the answers to the first come when the second waits already.
        let late = round % 2 == 1;
        if late {
            processes::freeze(group);
        }
        let first = fork_as(PID, || first_life(stage, &server))?;
        waitpid(first, None)?;
        let second = fork_as(PID, || second_life(stage, &server))?;
        if late {
            let waits = || processes::of_process(PID).iter().all(|thread| thread.state == 'S');
            wait::until_true("a client that waits", ASK_MAX, waits);
            killpg(Pid::from_raw(group), Signal::SIGCONT)?;
        }
        let ended = waitpid(second, None)?;
        ensure!(ended == WaitStatus::Exited(second, 0), "round {round}: {ended:?}");
    }
    Ok(())
}
