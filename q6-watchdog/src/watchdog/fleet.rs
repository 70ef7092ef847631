//! All servers of a watchdog, and what stays when one of them is restarted: its sockets, its FIFOs,
//! the board.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use common::client::ask::Ask;
use common::program::signals::Signals;
use common::protocol::request::Request;
use q1_pipes::process::workers::Ready;
use q5_sockets::armour::listeners::{BACKLOG, Listeners};

use crate::channel::Pair;
use crate::dispatcher;
use crate::options::ServerOptions;
use crate::secondary;
use crate::service::Inherited;
use crate::watchdog::board::{Board, Number};
use crate::watchdog::child::Child;
use crate::watchdog::watched::Watched;

/// The server that clients ask first.
pub const DISPATCHER: Number = 0;
/// The one that writes; those after it are the consultation servers.
pub const RESERVATION: Number = 1;

/// All servers, and what they are started with. Dropping it kills those that still run.
#[derive(Debug)]
pub struct Fleet<'a> {
    /// The command line.
    pub options: &'a ServerOptions,
    /// SIGTERM and SIGINT for us, SIGTERM for the servers.
    pub signals: &'a Signals,
    /// What they share.
    pub board: Arc<Board>,
    /// By their numbers.
    pub servers: Vec<Watched>,
    /// The nonce of the probes.
    probe: u64,
}

impl<'a> Fleet<'a> {
    /// Opens what stays open across restarts: the listening sockets and the FIFOs of every server.
    ///
    /// # Errors
    /// If an address is taken, or DIR cannot be written.
    pub fn open(
        options: &'a ServerOptions,
        signals: &'a Signals,
        board: Arc<Board>,
    ) -> anyhow::Result<Fleet<'a>> {
        let probe = getrandom::u64().map_err(io::Error::from).context("cannot draw a nonce")?;
        let open = |number| {
            let dir = &options.common.dir;
            let listeners = Listeners::open(&[address(options, number)?], BACKLOG)?;
            let pair = (number != DISPATCHER).then(|| Pair::create(dir, &name(number)));
            let pair = pair.transpose();
            let pair = pair.context("cannot make FIFOs in DIR")?;
            let ask = match number {
                // It goes through the committer, and sells no seat.
                RESERVATION => Ask::Reserve { show: 0, seats: 0 },
                _ => Ask::View { show: 0 },
            };
            let question = Request::new(std::process::id() as i32, probe, ask);
            Watched::new(number, &name(number), listeners, pair, question).context("cannot listen")
        };
        let numbers = DISPATCHER..=RESERVATION + options.consultation_servers;
        let servers = numbers.map(open).collect::<anyhow::Result<_>>()?;
        Ok(Fleet { options, signals, board, servers, probe })
    }

    /// Forks a server, for the first time or again.
    ///
    /// # Errors
    /// EAGAIN, ENOMEM. See fork(2).
    pub fn start(&mut self, number: Number) -> anyhow::Result<()> {
        self.board.count_start(number);
        let name = format!("q6 {}", name(number));
        let child = Child::fork(name, |ready| self.run(number, ready)).context("cannot fork")?;
        self.servers[number].set_child(child);
        Ok(())
    }

    /// Runs a server, in its own process: closes what belongs to the others, and serves.
    fn run(&mut self, number: Number, ready: Ready) -> anyhow::Result<()> {
        let mut own = None;
        let mut ends = Vec::new();
        for Watched { number: other, listeners, pair, .. } in self.servers.drain(..) {
            match pair {
                Some(pair) if number == DISPATCHER => ends.push((other, pair.dispatcher()?)),
                Some(pair) if number == other => ends.push((other, pair.secondary()?)),
                _ => {}
            }
            if number == other {
                own = Some(listeners);
            }
        }
        let listeners = own.context("no socket to listen on")?;
        let inherited = Inherited {
            options: self.options,
            number,
            board: self.board.clone(),
            signals: self.signals,
            listeners,
        };
        if number == DISPATCHER {
            return dispatcher::run(inherited, ends, ready);
        }
        let (_, end) = ends.pop().context("no FIFOs")?;
        match number {
            RESERVATION => secondary::reserve(inherited, end, self.probe, ready),
            _ => secondary::consult(inherited, end, self.probe, ready),
        }
    }

    /// Kills those of these servers that still run, and waits for their end. Returns a message for
    /// each that was ready: one that was not has nothing to end well.
    pub fn kill(&mut self, numbers: &[Number]) -> Vec<String> {
        let running = |number: &&Number| self.servers[**number].child.is_running();
        let late: Vec<Number> = numbers.iter().filter(running).copied().collect();
        let kill = |number: Number| {
            let server = &mut self.servers[number];
            let is_ready = server.is_ready || server.child.take_report();
            let fault = format!("{} did not stop in time and was killed", server.child);
            server.child.kill_and_wait();
            is_ready.then_some(fault)
        };
        late.into_iter().filter_map(kill).collect()
    }
}

/// However the watchdog ends, its servers end with it.
impl Drop for Fleet<'_> {
    fn drop(&mut self) {
        let all: Vec<Number> = (0..self.servers.len()).collect();
        self.kill(&all);
    }
}

/// A server's name: of its FIFOs, and behind `q6 ` of its process.
fn name(number: Number) -> String {
    match number {
        DISPATCHER => "dispatch".to_owned(),
        RESERVATION => "reserve".to_owned(),
        2 => "consult".to_owned(),
        _ => format!("consult{}", number - RESERVATION),
    }
}

/// Where a server listens: all on the same address, each on a port of its own.
fn address(options: &ServerOptions, number: Number) -> anyhow::Result<SocketAddr> {
    let port = match (number, options.first_port) {
        (DISPATCHER, _) => options.listen.port(),
        (_, 0) => 0,
        (_, first) => first
            .checked_add((number - RESERVATION) as u16)
            .with_context(|| format!("cannot find a port for each server from {first} on"))?,
    };
    Ok(SocketAddr::new(options.listen.ip(), port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[test]
    fn names_and_ports_are_in_the_order_of_the_servers() {
        let names: Vec<String> = (0..4).map(name).collect();
        assert_eq!(names, ["dispatch", "reserve", "consult", "consult2"]);
        let ports = |words: &[&str]| {
            let options = ServerOptions::try_parse_from([&["server"], words].concat()).unwrap();
            [0, 1, 2, 3].map(|number| address(&options, number).map_or(0, |it| it.port()))
        };
        assert_eq!(ports(&[]), [2222, 0, 0, 0]);
        assert_eq!(ports(&["--first-port", "3000"]), [2222, 3000, 3001, 3002]);
        assert_eq!(ports(&["--first-port", "65534"]), [2222, 65534, 65535, 0]);
    }
}
