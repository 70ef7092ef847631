//! What hostile clients do; the program `hostile` does it in a process of its own, until it is
//! killed.

pub mod attacker;
pub mod options;

use std::fs;
use std::io::{self, Write, stdout};
use std::path::{Path, PathBuf};
use std::thread::{park, park_timeout, yield_now};
use std::time::Duration;

use clap::ValueEnum;
use common::client::ask::Ask;
use common::protocol::request::{REQUEST_SIZE, Request};
use fastrand::Rng;
use nix::sys::signal::{Signal, raise};
use nix::sys::socket::{setsockopt, sockopt};
use nix::unistd::getppid;
use zerocopy::IntoBytes;

use crate::stage::Stage;
use crate::sys::{self, Fork};
use crate::wire::{RequestClass, Wire};

/// Longest message that noise sends: the kernel's msgmax, and more than a pipe takes whole.
const NOISE_MAX: usize = 8192;
/// Connections that one dripping client holds.
const DRIPS: usize = 20;

/// What a hostile client does, a number of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Attack {
    /// Asks, and never reads the answers.
    Silent,
    /// The same without a pause.
    Flood,
    /// Asks in the name of every process and thread there is, with nonces that repeat.
    Forge,
    /// Asks in the name of nobody: each message is dropped, and has to be looked at first.
    Nameless,
    /// Sends random bytes, some of which look like a request, of every length and type.
    Noise,
    /// Makes clients, each of which asks and is killed.
    Die,
    /// Begins requests, and sends a byte now and then.
    Drip,
}

/// A hostile client at work.
#[derive(Debug)]
pub struct Hostile {
    stage: Stage,
    dir: PathBuf,
    me: i32,
    random: Rng,
}

impl Hostile {
    /// A hostile client of the server in `dir`, as this process.
    pub fn new(stage: Stage, dir: &Path, seed: u64) -> Hostile {
        let (dir, me) = (dir.to_owned(), std::process::id() as i32);
        Hostile { stage, dir, me, random: Rng::with_seed(seed) }
    }

    /// Attacks `count` times, says `sent` when that is done (the dripping one: when it has begun),
    /// and waits to be killed.
    ///
    /// # Errors
    /// If the server is gone.
    pub fn attack(&mut self, attack: Attack, count: u64) -> anyhow::Result<()> {
        match attack {
            Attack::Silent => self.silent(count)?,
            Attack::Flood => self.requests(count, |_, me| me)?,
            Attack::Forge => {
                let others = everybody();
                self.requests(count, |random, _| others[random.usize(..others.len())])?;
            }
            Attack::Nameless => self.requests(count, |_, _| 0)?,
            Attack::Noise => self.noise(count)?,
            Attack::Die => self.die(count)?,
            Attack::Drip => self.drip(count)?,
        }
        say_sent();
        loop {
            park();
        }
    }

    /// Closing it sends a reset: else a flood of connections would use up the ports of the machine.
    fn wire(&self) -> anyhow::Result<Wire> {
        let wire = Wire::open(self.stage, &self.dir, self.me)?;
        for stream in wire.streams() {
            stream.set_nonblocking(true)?;
            setsockopt(stream, sockopt::Linger, &libc::linger { l_onoff: 1, l_linger: 0 })?;
        }
        Ok(wire)
    }

    fn silent(&mut self, count: u64) -> anyhow::Result<()> {
        let wire = Wire::open(self.stage, &self.dir, self.me)?;
        for nonce in 1..=count {
            wire.send(
                RequestClass::Consultation,
                Request::new(self.me, nonce, Ask::List).as_bytes(),
            );
        }
        // A connection that is dropped would be closed.
        std::mem::forget(wire);
        Ok(())
    }

    /// LISTs, which have the longest answers, and reservations of nothing, which the office decides.
    fn requests(
        &mut self,
        count: u64,
        client: impl Fn(&mut Rng, i32) -> i32,
    ) -> anyhow::Result<()> {
        let mut wire = self.wire()?;
        for _ in 0..count {
            let (ask, class) = match self.random.u8(..4) {
                0 => (Ask::Reserve { show: 8, seats: 0 }, RequestClass::Reservation),
                _ => (Ask::List, RequestClass::Consultation),
            };
            let client = client(&mut self.random, self.me);
            let request = Request::new(client, self.random.u64(1..50), ask);
            self.press(&mut wire, class, request.as_bytes())?;
        }
        std::mem::forget(wire);
        Ok(())
    }

    /// Sends as soon as there is room, without a pause; on a new connection if need be.
    fn press(&self, wire: &mut Wire, class: RequestClass, bytes: &[u8]) -> anyhow::Result<()> {
        loop {
            match put(wire, class, bytes) {
                Ok(true) => return Ok(()),
                Ok(false) => yield_now(),
                Err(_) if !wire.streams().is_empty() => *wire = self.wire()?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn noise(&mut self, count: u64) -> anyhow::Result<()> {
        let mut wire = self.wire()?;
        let mut bytes = [0; NOISE_MAX];
        for n in 0..count {
            let len = if n % 2 == 0 { (n / 2) as usize % (NOISE_MAX + 1) } else { REQUEST_SIZE };
            let bytes = &mut bytes[..len];
            self.random.fill(bytes);
            if self.random.bool() {
                // As if a client of this protocol had sent it, in anybody's name.
                let head = Request::new(self.random.i32(..), 5, Ask::List);
                let known = len.min(self.random.usize(4..=REQUEST_SIZE));
                bytes[..known].copy_from_slice(&head.as_bytes()[..known]);
            }
            let class =
                [RequestClass::Consultation, RequestClass::Reservation][self.random.usize(..2)];
            match &wire {
                Wire::Queues(channel) if self.random.bool() => {
                    let any = self.random.i64(1..);
                    let mtype = self.random.choice([any, any % 700 + 1, i64::MAX]).unwrap_or(any);
                    while let Err(error) = sys::msgsnd(channel.requests.id(), mtype, bytes) {
                        is_full(error)?;
                    }
                }
                _ => self.press(&mut wire, class, bytes)?,
            }
        }
        Ok(())
    }

    /// Each client is a process of its own, and dies by SIGKILL when its request is on its way.
    fn die(&mut self, count: u64) -> anyhow::Result<()> {
        for nonce in 1..=count {
            let Fork::Parent(child) = sys::fork()? else {
                let me = std::process::id() as i32;
                let wire = Wire::open(self.stage, &self.dir, me)?;
                let (ask, class) = match nonce % 2 {
                    0 => (Ask::Reserve { show: 8, seats: 0 }, RequestClass::Reservation),
                    _ => (Ask::List, RequestClass::Consultation),
                };
                wire.send(class, Request::new(me, nonce, ask).as_bytes());
                raise(Signal::SIGKILL)?;
                loop {
                    park();
                }
            };
            nix::sys::wait::waitpid(child, None)?;
        }
        Ok(())
    }

    /// Parts of requests: on many connections, or, where all clients share a pipe, in it; in a queue
    /// they are short messages.
    fn drip(&mut self, count: u64) -> anyhow::Result<()> {
        let wires = (0..DRIPS).map(|_| self.wire()).collect::<Result<Vec<Wire>, _>>()?;
        let request = Request::new(self.me, 7, Ask::List);
        let mut sent = 0;
        say_sent();
        while sent < count {
            for wire in &wires {
                // What is refused or closed is begun no more.
                let part = &request.as_bytes()[sent as usize % REQUEST_SIZE..][..1];
                drop(put(wire, RequestClass::Consultation, part));
            }
            sent += 1;
            park_timeout(Duration::from_millis(100));
        }
        std::mem::forget(wires);
        Ok(())
    }
}

/// Puts bytes where requests go; false if there is no room in what all clients share.
fn put(wire: &Wire, class: RequestClass, bytes: &[u8]) -> io::Result<bool> {
    match wire.stream(class) {
        Some(mut stream) => stream.write_all(bytes).map(|()| true),
        None => wire.try_send(class, bytes),
    }
}

fn say_sent() {
    writeln!(stdout(), "sent").expect("stdout is open");
}

fn is_full(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::WouldBlock {
        yield_now();
        return Ok(());
    }
    Err(error)
}

/// The ids of all processes, and of all threads of the one that has started this one.
fn everybody() -> Vec<i32> {
    let numbers = |dir: String| {
        let entries = fs::read_dir(dir).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect::<Vec<i32>>()
    };
    [numbers("/proc".into()), numbers(format!("/proc/{}/task", getppid()))].concat()
}
