//! How a client process reaches what is measured: by a stage's own client library, or by the bare
//! calls.

use std::path::Path;
use std::time::Duration;

use anyhow::ensure;
use clap::ValueEnum;
use common::client::ask::Ask;
use common::protocol::reply::Status;
use harness::client::Client;
use harness::stage::Mechanism;

use crate::bare::disk::Disk;
use crate::bare::{pipes, queues, sockets, table};
use crate::results::timing::Question;

/// How long a client waits for one reply.
const REPLY_MAX: Duration = Duration::from_secs(20);
/// Shows of the table that reservations are spread over.
const SHOWS: i32 = 8;

/// What a client process is told to open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DoorKind {
    /// q1's client.
    Pipes,
    /// q2's client, for q3 and q4 too.
    Msgqueue,
    /// q5's client.
    Sockets,
    /// q6's client.
    Dispatcher,
    /// A FIFO there and one back.
    BarePipes,
    /// A queue there and one back.
    BareMsgqueue,
    /// A connection that stays open.
    BareSockets,
    /// A write and an fdatasync, by the client itself.
    Disk,
    /// The table, in the client itself.
    Table,
}

/// An open one.
#[derive(Debug)]
pub enum Door {
    /// A stage's client, and the show that it asks for.
    Stage(Box<Client>, i32),
    /// Bare FIFOs.
    Pipes(pipes::Client),
    /// Bare queues.
    Queues(queues::Client),
    /// A bare connection.
    Sockets(sockets::Client),
    /// A bare file.
    Disk(Disk),
    /// The table.
    Table(table::InProcess),
}

impl Door {
    /// Opens the server in `dir`, as the client with this number.
    ///
    /// # Errors
    /// If no server runs there.
    pub fn open(kind: DoorKind, dir: &Path, number: u32) -> anyhow::Result<Door> {
        let show = 1 + number as i32 % SHOWS;
        let stage = |mechanism| {
            let client = Client::open_by(mechanism, dir, REPLY_MAX)?;
            anyhow::Ok(Door::Stage(Box::new(client), show))
        };
        match kind {
            DoorKind::Pipes => stage(Mechanism::Pipes),
            DoorKind::Msgqueue => stage(Mechanism::Queues),
            DoorKind::Sockets => stage(Mechanism::Sockets),
            DoorKind::Dispatcher => stage(Mechanism::Dispatcher),
            DoorKind::BarePipes => pipes::Client::open(dir, number).map(Door::Pipes),
            DoorKind::BareMsgqueue => queues::Client::open(dir).map(Door::Queues),
            DoorKind::BareSockets => sockets::Client::open(dir).map(Door::Sockets),
            DoorKind::Disk => Disk::open(dir).map(Door::Disk),
            DoorKind::Table => Ok(Door::Table(table::InProcess::new(show)?)),
        }
    }

    /// One question and its answer.
    ///
    /// # Errors
    /// If there is none, or it is not OK.
    pub fn ask(&mut self, question: Question) -> anyhow::Result<()> {
        match self {
            Door::Stage(client, show) => {
                let reply = client.ask(ask(question, *show))?;
                let status = reply.status();
                ensure!(status == Some(Status::Ok), "the server answers {status:?}");
                Ok(())
            }
            Door::Pipes(client) => client.ask(question),
            Door::Queues(client) => client.ask(question),
            Door::Sockets(client) => client.ask(question),
            Door::Disk(disk) => disk.write_and_sync(),
            Door::Table(table) => {
                table.ask(question);
                Ok(())
            }
        }
    }
}

/// The stage's question: reservations take one seat.
pub fn ask(question: Question, show: i32) -> Ask {
    match question {
        Question::View => Ask::View { show },
        Question::List => Ask::List,
        Question::Reserve => Ask::Reserve { show, seats: 1 },
    }
}
