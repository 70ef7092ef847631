//! How a client process reaches what is measured: by a stage's own client library, or by the bare
//! calls.

use std::path::Path;
use std::time::Duration;

use anyhow::ensure;
use common::client::ask::Ask;
use common::protocol::record::ROWS;
use common::protocol::reply::Status;
use harness::client::Client;

use crate::baseline::disk::Disk;
use crate::baseline::{in_process, pipes, queues, sockets};
use crate::results::group::Question;
use crate::results::row::Protocol;
use crate::target::Transport;

/// How long a client waits for one reply.
const REPLY_MAX: Duration = Duration::from_secs(20);
/// Shows of the table that reservations are spread over.
const SHOWS: i32 = 8;

/// An open connection.
#[derive(Debug)]
pub enum Connection {
    /// A stage's client, and the show that it asks for.
    Stage(Box<Client>, i32),
    /// Bare FIFOs.
    Pipes(pipes::Client),
    /// Bare queues.
    Queues(queues::Client),
    /// A bare TCP connection.
    Sockets(sockets::Client),
    /// A bare file.
    Disk(Disk),
    /// The table.
    InProcess(Box<in_process::InProcess>),
}

impl Connection {
    /// Connects to the server in `dir`, as the client with this number.
    ///
    /// # Errors
    /// If no server runs there.
    pub fn open(transport: Transport, dir: &Path, number: u32) -> anyhow::Result<Connection> {
        let show = 1 + number as i32 % SHOWS;
        let stage =
            |protocol| anyhow::Ok(Connection::Stage(Box::new(client(protocol, dir)?), show));
        match transport {
            Transport::Pipes => stage(Protocol::Pipes),
            Transport::Msgqueue => stage(Protocol::Msgqueue),
            Transport::Sockets => stage(Protocol::Sockets),
            Transport::Dispatcher => stage(Protocol::Dispatcher),
            Transport::Tls => stage(Protocol::Tls),
            Transport::BareFifos => pipes::Client::open(dir, number).map(Connection::Pipes),
            Transport::BareQueues => queues::Client::open(dir).map(Connection::Queues),
            Transport::BareTcp => sockets::Client::open(dir).map(Connection::Sockets),
            Transport::Disk => Disk::open(dir).map(Connection::Disk),
            Transport::InProcess => {
                Ok(Connection::InProcess(Box::new(in_process::InProcess::new(show)?)))
            }
        }
    }

    /// One question and its answer.
    ///
    /// # Errors
    /// If there is none, it is not OK, or it is a LIST without its rows.
    pub fn ask(&mut self, question: Question) -> anyhow::Result<()> {
        match self {
            Connection::Stage(client, show) => {
                let reply = client.ask(ask(question, *show))?;
                let status = reply.status();
                ensure!(status == Some(Status::Ok), "the server answers {status:?}");
                let expected = if question == Question::List { ROWS } else { 0 };
                let rows = reply.rows().len();
                ensure!(rows == expected, "a {} came with {rows} rows", question.name());
                Ok(())
            }
            Connection::Pipes(client) => client.ask(question),
            Connection::Queues(client) => client.ask(question),
            Connection::Sockets(client) => client.ask(question),
            Connection::Disk(disk) => disk.write_and_sync(),
            Connection::InProcess(table) => {
                table.ask(question);
                Ok(())
            }
        }
    }
}

/// A client of a server of the box office.
///
/// # Errors
/// If no server runs there.
pub fn client(protocol: Protocol, dir: &Path) -> anyhow::Result<Client> {
    Client::open_by(protocol.mechanism(), dir, REPLY_MAX)
}

/// The stage's question: reservations take one seat.
fn ask(question: Question, show: i32) -> Ask {
    match question {
        Question::View => Ask::View { show },
        Question::List => Ask::List,
        Question::Reserve => Ask::Reserve { show, seats: 1 },
    }
}
