//! The clients of one server: processes that ask at the same time.

pub mod burden;
pub mod client;
pub mod connection;
pub mod load;
pub mod multiplexed;
pub mod order;
pub mod pgbench;
pub mod verify;
pub mod wire;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use clap::ValueEnum;

use crate::clients::order::{Answer, Done, Length, Order};
use crate::clients::wire::Wire;
use crate::machine::clock;
use crate::results::group::Question;
use crate::results::peer::Peer;
use crate::results::row::Protocol;
use crate::target::peers::sqlite;
use crate::target::process::{Process, ourselves};
use crate::target::{Kind, Target, Transport};

/// How long a client may take to connect, and to answer beyond the end of its trial.
const ANSWER_MAX: Duration = Duration::from_secs(60);
/// How long each of many connections may take to connect.
const CONNECT_MAX: Duration = Duration::from_millis(20);
/// From the order to the first request: so that all clients begin together.
const LEAD_NS: u64 = 2_000_000;
/// More of it for each client.
const LEAD_EACH_NS: u64 = 100_000;

/// Some clients.
#[derive(Debug)]
pub struct Clients {
    processes: Vec<Process>,
}

impl Clients {
    /// Starts them, with a connection each.
    ///
    /// # Errors
    /// If one finds no server.
    pub fn start(target: &Target, dir: &Path, n_clients: usize) -> anyhow::Result<Clients> {
        let start = |number: usize| {
            let transport = target.transport().context("it has no such clients")?;
            let mut command = ourselves()?;
            command.arg("client").arg(name(transport)?).arg(dir).arg(number.to_string());
            process(format!("client {number} of {}", target.name()), &mut command)
        };
        let processes = (0..n_clients).map(start).collect::<Result<_, _>>()?;
        Clients::ready(processes, ANSWER_MAX)
    }

    /// Starts one process that holds all connections; of PostgreSQL it is pgbench, and SQLite's client
    /// has none.
    ///
    /// # Errors
    /// If it finds no server, or the target has no such clients.
    pub fn multiplexed(target: &Target, dir: &Path, connections: usize) -> anyhow::Result<Clients> {
        let mut command = match &target.kind {
            Kind::Peer(Peer::Sqlite, python) => sqlite::command(python, dir, "ask"),
            Kind::Peer(Peer::Postgresql, programs) => {
                let mut command = ourselves()?;
                command.arg("pgbench").arg(programs).arg(dir).arg(connections.to_string());
                command
            }
            _ => {
                let wire = wire_of(target).context("it has no connections")?;
                let mut command = ourselves()?;
                command.arg("multiplexed").arg(name(wire)?).arg(dir).arg(connections.to_string());
                command
            }
        };
        let one = process(format!("the client of {}", target.name()), &mut command)?;
        Clients::ready(vec![one], ANSWER_MAX + CONNECT_MAX * connections as u32)
    }

    /// Waits until all of them have their connections.
    fn ready(processes: Vec<Process>, limit: Duration) -> anyhow::Result<Clients> {
        let mut clients = Clients { processes };
        for client in &mut clients.processes {
            match answer(client, limit)? {
                Answer::Ready => {}
                Answer::Failed(error) => bail!("{} cannot begin: {error}", client.what()),
                Answer::Done(_) => bail!("{} answers before it was asked", client.what()),
            }
        }
        Ok(clients)
    }

    /// Has all of them ask for a time.
    ///
    /// # Errors
    /// If one of them has no answer.
    pub fn ask_for(
        &mut self,
        question: Question,
        time: Duration,
        rate: Option<u32>,
    ) -> anyhow::Result<Vec<Done>> {
        self.order(question, rate, |begin| Length::Until(begin + time.as_nanos() as u64))?;
        self.collect()
    }

    /// Has all of them ask so many questions each.
    ///
    /// # Errors
    /// If one of them has no answer.
    pub fn ask_times(&mut self, question: Question, count: u64) -> anyhow::Result<Vec<Done>> {
        self.order(question, None, |_| Length::Count(count))?;
        self.collect()
    }

    /// Tells all of them to begin soon; the answers are to be collected.
    ///
    /// # Errors
    /// If one of them is gone.
    pub fn order(
        &mut self,
        question: Question,
        rate: Option<u32>,
        length: impl Fn(u64) -> Length,
    ) -> anyhow::Result<()> {
        let begin_ns = clock::now() + LEAD_NS + LEAD_EACH_NS * self.processes.len() as u64;
        let order = Order { question, begin_ns, length: length(begin_ns), rate };
        let line = serde_json::to_string(&order).context("cannot write an order")?;
        self.processes.iter_mut().try_for_each(|client| client.write_line(&line))
    }

    /// What they have to say when they have finished.
    ///
    /// # Errors
    /// If one of them has no answer.
    pub fn collect(&mut self) -> anyhow::Result<Vec<Done>> {
        let done = |client: &mut Process| match answer(client, ANSWER_MAX)? {
            Answer::Done(done) => Ok(done),
            Answer::Failed(error) => Err(anyhow!("{}: {error}", client.what())),
            Answer::Ready => Err(anyhow!("{} is ready twice", client.what())),
        };
        self.processes.iter_mut().map(done).collect()
    }

    /// Their PIDs.
    pub fn pids(&self) -> Vec<i32> {
        self.processes.iter().map(Process::pid).collect()
    }

    /// Ends them.
    ///
    /// # Errors
    /// If one does not end well.
    pub fn stop(mut self) -> anyhow::Result<()> {
        self.processes.iter_mut().for_each(Process::close_input);
        self.processes.iter_mut().try_for_each(|client| client.stop(None))
    }
}

/// What a client with many connections sends; None if there is no such client.
pub fn wire_of(target: &Target) -> Option<Wire> {
    match &target.kind {
        Kind::Server(program) => (program.protocol == Protocol::Sockets).then_some(Wire::BoxOffice),
        Kind::Baseline(_) => (target.transport() == Some(Transport::BareTcp)).then_some(Wire::Bare),
        Kind::Peer(Peer::Redis, _) => Some(Wire::Redis),
        Kind::Peer(Peer::Postgresql | Peer::Sqlite, _) | Kind::Disk | Kind::InProcess => None,
    }
}

fn process(what: String, command: &mut Command) -> anyhow::Result<Process> {
    Process::start(what, command.stderr(Stdio::inherit()))
}

/// A value as the command line spells it.
fn name(value: impl ValueEnum) -> anyhow::Result<String> {
    Ok(value.to_possible_value().context("it has a name")?.get_name().to_owned())
}

fn answer(client: &mut Process, limit: Duration) -> anyhow::Result<Answer> {
    let line = client.read_line(limit)?;
    serde_json::from_str(&line).with_context(|| format!("{} says {line:?}", client.what()))
}
